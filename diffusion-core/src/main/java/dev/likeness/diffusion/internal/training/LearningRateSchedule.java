package dev.likeness.diffusion.internal.training;

/** The learning rate at each optimiser step, counted from 0. */
@FunctionalInterface
public interface LearningRateSchedule {
  double at(long step);

  /** Returns a schedule with the same rate at every step. */
  static LearningRateSchedule constant(double rate) {
    return step -> rate;
  }

  /**
   * Returns a schedule that falls from {@code rate} to zero over {@code steps} as half a cosine.
   */
  static LearningRateSchedule cosine(double rate, long steps) {
    return step -> rate * 0.5 * (1 + Math.cos(Math.PI * Math.min(step, steps) / steps));
  }

  /** Returns a schedule that falls from {@code rate} to zero over {@code steps} along a line. */
  static LearningRateSchedule linear(double rate, long steps) {
    return step -> rate * Math.max(0, (steps - step) / (double) Math.max(1, steps));
  }

  /**
   * Returns a schedule that falls from {@code rate} to zero as half a cosine, {@code cycles} times
   * over {@code steps}.
   */
  static LearningRateSchedule restarts(double rate, long steps, int cycles) {
    return step -> {
      double progress = step / (double) Math.max(1, steps);
      return progress >= 1 ? 0 : rate * 0.5 * (1 + Math.cos(Math.PI * (cycles * progress % 1)));
    };
  }

  /**
   * Returns this schedule multiplied by a linear warmup over its first {@code steps}, which begins
   * above zero; unchanged for 0 steps.
   */
  default LearningRateSchedule warmup(long steps) {
    return steps == 0 ? this : step -> at(step) * Math.min(1, (step + 1.0) / steps);
  }

  /**
   * Returns this schedule after a linear warmup from zero to {@code rate}, in which this schedule
   * does not advance ({@code get_scheduler} of diffusers 0.42.1).
   */
  default LearningRateSchedule after(long warmup, double rate) {
    return step -> step < warmup ? rate * step / warmup : at(step - warmup);
  }

  /**
   * Returns this schedule with a linear cooldown to zero over the last {@code steps} of
   * {@code total}; unchanged for 0 steps (Hu et al. 2024, arXiv:2404.06395, section 4).
   */
  default LearningRateSchedule cooldown(long steps, long total) {
    return steps == 0
        ? this
        : step -> at(step) * Math.max(0, Math.min(1, (total - step) / (double) steps));
  }
}
