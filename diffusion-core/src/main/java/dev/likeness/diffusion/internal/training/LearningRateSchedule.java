package dev.likeness.diffusion.internal.training;

/** The learning rate at each optimiser step, counted from 0. */
@FunctionalInterface
public interface LearningRateSchedule {
  double at(long step);

  /** The same at every step. */
  static LearningRateSchedule constant(double rate) {
    return step -> rate;
  }

  /** Half a cosine from {@code rate} down to zero over {@code steps}. */
  static LearningRateSchedule cosine(double rate, long steps) {
    return step -> rate * 0.5 * (1 + Math.cos(Math.PI * Math.min(step, steps) / steps));
  }

  /** This schedule after a straight climb over its first {@code steps}. */
  default LearningRateSchedule warmup(long steps) {
    return step -> at(step) * Math.min(1, (step + 1.0) / steps);
  }

  /**
   * This schedule with a straight fall to zero over the last {@code steps} of {@code total}; none
   * where there are none (Hu et al. 2024, arXiv:2404.06395, section 4).
   */
  default LearningRateSchedule cooldown(long steps, long total) {
    return steps == 0
        ? this
        : step -> at(step) * Math.max(0, Math.min(1, (total - step) / (double) steps));
  }
}
