package dev.likeness.diffusion.internal.family;

import dev.likeness.schedulers.SchedulerConfig;

/**
 * How far a flow's noise levels move with the size of the picture: a line through two lengths of
 * its token sequence.
 */
public final class FlowPlan {
  private static final double BASE_TOKENS = 256;
  private static final double MAX_TOKENS = 4096;
  private static final double BASE_SHIFT = 0.5;

  /**
   * Of FLUX.2: lines through the shifts that are best with 10 and with 200 steps, and where the
   * first of them ends.
   */
  private static final double SLOPE_10 = 8.73809524e-05;

  private static final double OFFSET_10 = 1.89833333;
  private static final double SLOPE_200 = 0.00016927;
  private static final double OFFSET_200 = 0.45666666;
  private static final long LARGE = 4300;

  private FlowPlan() {}

  /** The exponent for {@code tokens}; the scheduler's config may move the line. */
  public static double mu(SchedulerConfig scheduler, long tokens, double maxShift) {
    double baseTokens = scheduler.number("base_image_seq_len", BASE_TOKENS);
    double baseShift = scheduler.number("base_shift", BASE_SHIFT);
    double slope = (scheduler.number("max_shift", maxShift) - baseShift)
        / (scheduler.number("max_image_seq_len", MAX_TOKENS) - baseTokens);
    return tokens * slope + (baseShift - slope * baseTokens);
  }

  /**
   * FLUX.2's exponent for {@code tokens}, which the number of steps moves too
   * ({@code compute_empirical_mu} of diffusers).
   */
  public static double empirical(long tokens, int steps) {
    double at200 = SLOPE_200 * tokens + OFFSET_200;
    double at10 = SLOPE_10 * tokens + OFFSET_10;
    double perStep = (at200 - at10) / 190;
    return tokens > LARGE ? at200 : perStep * steps + at200 - 200 * perStep;
  }
}
