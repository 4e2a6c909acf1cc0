package dev.likeness.portrait.training;

import dev.likeness.diffusion.internal.training.AdamW;
import dev.likeness.diffusion.internal.training.Optimizer;
import java.util.function.Supplier;

/**
 * What a stage's optimiser goes by.
 *
 * @param rate the highest learning rate, from which it falls along half a cosine
 * @param warmup steps until it is reached
 * @param optimizer makes what moves the weights
 * @param longestGradient what the length of all gradients is cut to, or 0 to leave it
 * @param ema decay of the slow average
 */
record Hyperparameters(
    double rate, int warmup, Supplier<Optimizer> optimizer, double longestGradient, double ema) {
  /** AdamW's numbers. */
  Hyperparameters(double rate, int warmup, double weightDecay, double longestGradient, double ema) {
    this(rate, warmup, () -> new AdamW(0.9, 0.99, 1e-8, weightDecay), longestGradient, ema);
  }
}
