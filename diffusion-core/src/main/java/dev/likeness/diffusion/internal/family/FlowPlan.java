package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.SchedulerConfig;
import dev.likeness.schedulers.internal.Sigmas;

/** Plan requests of flow transformers: first step, sigmas, and their resolution-dependent shift. */
public final class FlowPlan {
  // The defaults of diffusers' calculate_shift.
  private static final double BASE_TOKENS = 256;
  private static final double MAX_TOKENS = 4096;
  private static final double BASE_SHIFT = 0.5;
  private static final String DYNAMIC_SHIFTING = "use_dynamic_shifting";

  private FlowPlan() {}

  /**
   * The exponent of the shift for an image of {@code tokens}: linear in the number of tokens, with
   * ends from the scheduler's config (diffusers' {@code calculate_shift}).
   */
  public static double mu(SchedulerConfig scheduler, long tokens, double maxShift) {
    double baseTokens = scheduler.number("base_image_seq_len", BASE_TOKENS);
    double baseShift = scheduler.number("base_shift", BASE_SHIFT);
    double slope = (scheduler.number("max_shift", maxShift) - baseShift)
        / (scheduler.number("max_image_seq_len", MAX_TOKENS) - baseTokens);
    return tokens * slope + (baseShift - slope * baseTokens);
  }

  /**
   * The request with {@code mu}, if the scheduler has dynamic shifting. A scheduler without this
   * option follows the model's own scheduler.
   *
   * @throws InvalidInputException if the options of the scheduler give a shift that is no number
   */
  public static PlanRequest withShift(
      PlanRequest plain, SchedulerConfig scheduler, SchedulerConfig own, double mu) {
    SchedulerConfig decides = scheduler.options().has(DYNAMIC_SHIFTING) ? scheduler : own;
    if (!decides.options().flag(DYNAMIC_SHIFTING)) {
      return plain;
    }
    double shift = Math.exp(mu);
    if (!(shift > 0 && shift < Double.POSITIVE_INFINITY)) {
      throw new InvalidInputException("the options base_shift, max_shift, base_image_seq_len and"
          + " max_image_seq_len of the scheduler give a shift of " + shift
          + " at this image size, expected a number above 0; correct scheduler_config.json");
    }
    return plain.mu(mu);
  }

  /**
   * The request with the first step of transformer pipelines: a strength that falls inside a step
   * includes the step, while UNet pipelines skip it.
   */
  public static PlanRequest withWholeFirstStep(PlanRequest plain) {
    int n = plain.steps();
    int done = n - (int) Math.max(n - Math.min(n * plain.strength(), n), 0);
    return done == n ? plain.strength(1) : plain.strength((done + 0.5) / n);
  }

  /** The request with {@link #withShift} and {@link #withLinearSigmas}. */
  public static PlanRequest withShiftedSigmas(
      PlanRequest plain, SchedulerConfig scheduler, SchedulerConfig own, double mu) {
    return withLinearSigmas(withShift(plain, scheduler, own, mu), scheduler);
  }

  /**
   * The request with evenly spaced sigmas, unless the caller gives sigmas. A scheduler with its own
   * flow sigmas, or with a final sigma, makes its own.
   */
  public static PlanRequest withLinearSigmas(PlanRequest plain, SchedulerConfig scheduler) {
    int n = plain.steps();
    if (plain.timesteps().length + plain.sigmas().length > 0) {
      return withWholeFirstStep(plain);
    }
    return withSigmas(
        withWholeFirstStep(plain),
        scheduler.makesOwnSigmas() ? new double[0] : Sigmas.linspace(1, 1.0 / n, n));
  }

  /** The request with the given sigmas; without any, the scheduler's own. */
  public static PlanRequest withSigmas(PlanRequest plain, double... sigmas) {
    return new PlanRequest(
        plain.steps(),
        plain.strength(),
        plain.denoisingStart(),
        plain.denoisingEnd(),
        plain.eta(),
        plain.mu(),
        plain.timesteps(),
        sigmas);
  }
}
