package dev.likeness.portrait.training;

/**
 * What a stage's optimiser goes by.
 *
 * @param rate the highest learning rate, from which it falls along half a cosine
 * @param warmup steps until it is reached
 * @param weightDecay of AdamW
 * @param longestGradient what the length of all gradients is cut to, or 0 to leave it
 * @param ema decay of the slow average
 */
record Hyperparameters(double rate, int warmup, double weightDecay, double longestGradient, double ema) {
}
