package dev.likeness.lora.training;

import dev.likeness.diffusion.internal.training.Adafactor;
import dev.likeness.diffusion.internal.training.AdamW;
import dev.likeness.diffusion.internal.training.AdamW8bit;
import dev.likeness.diffusion.internal.training.Lion;
import dev.likeness.diffusion.internal.training.Optimizer;
import dev.likeness.diffusion.internal.training.Prodigy;

/** Which optimiser moves the weights. */
public enum TrainingOptimizer {
  ADAMW,
  /** A quarter of AdamW's memory. */
  ADAMW_8BIT,
  /**
   * Almost no memory; a LoRA wants AdamW's learning rate, that of
   * {@link dev.likeness.lora.DreamBooth} is relative to the weights' size.
   */
  ADAFACTOR,
  /** Finds its own step size; give it a learning rate of 1. */
  PRODIGY,
  /** Half of AdamW's memory; wants a third to a tenth of its learning rate. */
  LION;

  private static final double BETA1 = 0.9;
  private static final double BETA2 = 0.999;
  private static final double LIONS_BETA2 = 0.99;
  private static final double EPS = 1e-8;

  /**
   * One with this weight decay and otherwise its authors' settings.
   *
   * @param whole whether it moves whole weights, and not changes of which a part begins at zero
   */
  public Optimizer make(double weightDecay, boolean whole) {
    return switch (this) {
      case ADAMW -> new AdamW(BETA1, BETA2, EPS, weightDecay);
      case ADAMW_8BIT -> new AdamW8bit(BETA1, BETA2, EPS, weightDecay);
      case ADAFACTOR -> new Adafactor(weightDecay, whole);
      case PRODIGY -> new Prodigy(BETA1, BETA2, EPS, weightDecay);
      case LION -> new Lion(BETA1, LIONS_BETA2, weightDecay);
    };
  }
}
