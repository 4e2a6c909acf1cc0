package dev.likeness.diffusion;

import dev.likeness.schedulers.SchedulerConfig;

/** How far a flow's noise levels move with the size of the picture: a line through two lengths of its token sequence. */
final class ResolutionShift {
  private static final double BASE_TOKENS = 256;
  private static final double MAX_TOKENS = 4096;
  private static final double BASE_SHIFT = 0.5;

  private ResolutionShift() {}

  /** The exponent for {@code tokens}; the scheduler's config may move the line. */
  static double mu(SchedulerConfig scheduler, long tokens, double maxShift) {
    double baseTokens = scheduler.number("base_image_seq_len", BASE_TOKENS);
    double baseShift = scheduler.number("base_shift", BASE_SHIFT);
    double slope = (scheduler.number("max_shift", maxShift) - baseShift)
        / (scheduler.number("max_image_seq_len", MAX_TOKENS) - baseTokens);
    return tokens * slope + (baseShift - slope * baseTokens);
  }
}
