package dev.likeness.diffusion.internal.family;

import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.SchedulerConfig;
import dev.likeness.schedulers.Sigmas;

/**
 * How pipelines of flow transformers ask for a plan: where it begins, its noise levels, and their
 * shift by resolution.
 */
public final class FlowPlan {
  private static final double BASE_TOKENS = 256;
  private static final double MAX_TOKENS = 4096;
  private static final double BASE_SHIFT = 0.5;

  private FlowPlan() {}

  /**
   * The shift's exponent for an image of {@code tokens}: a line through two lengths of the token
   * sequence, which the scheduler's config may move (diffusers' {@code calculate_shift}).
   */
  public static double mu(SchedulerConfig scheduler, long tokens, double maxShift) {
    double baseTokens = scheduler.number("base_image_seq_len", BASE_TOKENS);
    double baseShift = scheduler.number("base_shift", BASE_SHIFT);
    double slope = (scheduler.number("max_shift", maxShift) - baseShift)
        / (scheduler.number("max_image_seq_len", MAX_TOKENS) - baseTokens);
    return tokens * slope + (baseShift - slope * baseTokens);
  }

  /**
   * The same plan with levels shifted by {@code mu}, where the model's own scheduler, by which it
   * was trained, shifts any.
   */
  public static PlanRequest withShift(PlanRequest plain, SchedulerConfig own, double mu) {
    return own.options().flag("use_dynamic_shifting") ? plain.mu(mu) : plain;
  }

  /**
   * The same plan begun as the pipelines of transformers begin it: a step that a strength would cut
   * in two is done, where those of UNets leave it out.
   */
  public static PlanRequest withWholeFirstStep(PlanRequest plain) {
    int n = plain.steps();
    int done = n - (int) Math.max(n - Math.min(n * plain.strength(), n), 0);
    return done == n ? plain.strength(1) : plain.strength((done + 0.5) / n);
  }

  /**
   * The same begun plan with noise levels an even step apart, unless the caller gives levels; a
   * scheduler that has its own, or takes one for the end of the run, lays them itself.
   */
  public static PlanRequest withLinearSigmas(PlanRequest plain, SchedulerConfig scheduler) {
    int n = plain.steps();
    if (plain.timesteps().length + plain.sigmas().length > 0) {
      return withWholeFirstStep(plain);
    }
    boolean own = scheduler.options().has("ladder")
        || scheduler.options().has("use_flow_sigmas") && scheduler.options().flag("use_flow_sigmas")
        || scheduler.className().equals("LTXEulerAncestralRFScheduler");
    return withSigmas(
        withWholeFirstStep(plain), own ? new double[0] : Sigmas.linspace(1, 1.0 / n, n));
  }

  /** The same plan at these noise levels; at the scheduler's own where there are none. */
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
