package dev.likeness.schedulers;

import java.util.Arrays;

/**
 * What a caller asks of a scheduler.
 *
 * @param steps the number of steps, at least 1
 * @param strength for images: the share of the steps that is done, in 0..1
 * @param denoisingStart the share of the training timesteps that another model has already walked,
 *     in 0..1 (base and refiner)
 * @param denoisingEnd the share at which this run stops, in 0..1
 * @param eta how much of each step's noise is fresh, for schedulers that can choose; 0 is
 *     deterministic, NaN their default
 * @param mu the exponent of resolution-dependent flow shifting, see {@link #mu(double)}; NaN when
 *     not used
 * @param timesteps timesteps of the caller's own; empty for the scheduler's
 * @param sigmas noise levels of the caller's own; empty for the scheduler's
 */
public record PlanRequest(
    int steps,
    double strength,
    double denoisingStart,
    double denoisingEnd,
    double eta,
    double mu,
    double[] timesteps,
    double[] sigmas) {
  private static final double[] NONE = {};

  /** Refuses what no scheduler can do. */
  public PlanRequest {
    require(steps >= 1, "steps", "at least 1", steps);
    require(strength >= 0 && strength <= 1, "strength", "in 0..1", strength);
    require(
        denoisingStart >= 0 && denoisingStart <= denoisingEnd,
        "from",
        "in 0..until",
        denoisingStart);
    require(denoisingEnd <= 1, "until", "at most 1", denoisingEnd);
    timesteps = timesteps.clone();
    sigmas = sigmas.clone();
  }

  /** A run of so many steps from pure noise. */
  public static PlanRequest of(int steps) {
    return new PlanRequest(steps, 1, 0, 1, Double.NaN, Double.NaN, NONE, NONE);
  }

  /** A run over these timesteps. */
  public static PlanRequest ofTimesteps(double... timesteps) {
    return new PlanRequest(timesteps.length, 1, 0, 1, Double.NaN, Double.NaN, timesteps, NONE);
  }

  /**
   * A run over these noise levels, in the scheduler's own unit. {@link CustomScheduler},
   * k-diffusion's samplers and diffusers' classes on its ladders (Euler, Heun, DPM2, LMS and their
   * kin, LTX's ancestral Euler) take one more than steps: the last is where the run ends, and noise
   * is left where it is not 0. Other classes for flow, UniPC's among them, take one for each step
   * and end at 0 of themselves.
   */
  public static PlanRequest ofSigmas(double... sigmas) {
    return new PlanRequest(sigmas.length, 1, 0, 1, Double.NaN, Double.NaN, NONE, sigmas);
  }

  /** The same run begun from an image of which {@code strength} is redrawn. */
  public PlanRequest strength(double strength) {
    return new PlanRequest(
        steps, strength, denoisingStart, denoisingEnd, eta, mu, timesteps, sigmas);
  }

  /** The part of the run between two shares of the training timesteps. */
  public PlanRequest denoisingRange(double from, double until) {
    return new PlanRequest(steps, strength, from, until, eta, mu, timesteps, sigmas);
  }

  /** The same run with another share of fresh noise. */
  public PlanRequest eta(double eta) {
    return new PlanRequest(
        steps, strength, denoisingStart, denoisingEnd, eta, mu, timesteps, sigmas);
  }

  /**
   * The same run with resolution-dependent shifting: levels move by the factor {@code exp(mu)}.
   * diffusers' pipelines draw a line through two lengths of the image's sequence of tokens; for
   * FLUX.1 0.5 at 256 (256 x 256 pixels) and 1.15 at 4096 (1024 x 1024).
   */
  public PlanRequest mu(double mu) {
    return new PlanRequest(
        steps, strength, denoisingStart, denoisingEnd, eta, mu, timesteps, sigmas);
  }

  /** The chosen eta, or a scheduler's default. */
  public double etaOrDefault(double otherwise) {
    return Double.isNaN(eta) ? otherwise : eta;
  }

  /** The step at which a run of this strength begins, as diffusers counts. */
  public int firstStep() {
    return firstStep(steps);
  }

  /** The step at which a run of this strength begins when it has {@code count} steps. */
  public int firstStep(int count) {
    return Math.max(count - Math.min((int) (count * strength), count), 0);
  }

  /** The timestep that the run's first step lies below, of so many trained ones. */
  public double startTimestep(int trained) {
    return Math.rint(trained - denoisingStart * trained);
  }

  /** The timestep below which the run makes no step; 0 for a run to the end. */
  public double endTimestep(int trained) {
    return Math.rint(trained - denoisingEnd * trained);
  }

  private static void require(boolean holds, String what, String expected, double given) {
    if (!holds) {
      throw new IllegalArgumentException(what + " must be " + expected + ", got " + given);
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof PlanRequest r && toString().equals(r.toString());
  }

  @Override
  public int hashCode() {
    return toString().hashCode();
  }

  @Override
  public String toString() {
    return "PlanRequest[steps=" + steps + ", strength=" + strength + ", from=" + denoisingStart
        + ", until="
        + denoisingEnd
        + ", eta=" + eta
        + ", mu=" + mu + ", timesteps=" + Arrays.toString(timesteps) + ", sigmas="
        + Arrays.toString(sigmas) + "]";
  }

  /**
   * How far the levels of a flow network are moved towards noise: by a number, or with the
   * resolution of the image.
   */
  public static final class FlowShift {
    private FlowShift() {}

    /**
     * The factor that the options hold ({@code shift}, or {@code flow_shift} where the class calls
     * it so); 1 moves nothing.
     */
    public static double of(Options options) {
      return options.number(options.has("shift") ? "shift" : "flow_shift", 1);
    }

    /**
     * The factor for a request, which {@link Sigmas#shift} takes.
     *
     * @throws IllegalArgumentException when levels move with the resolution
     *     ({@code use_dynamic_shifting}) and the request does not say how far
     */
    public static double of(Options options, PlanRequest request) {
      if (!options.flag("use_dynamic_shifting")) {
        return of(options);
      }
      if (Double.isNaN(request.mu())) {
        throw new IllegalArgumentException(options.className()
            + " shifts by resolution (use_dynamic_shifting) and needs mu in the request;"
            + " give PlanRequest.mu (diffusers: 0.5 at 256 tokens to 1.15 at 4096), or generate through"
            + " ImageRequest, which knows it");
      }
      boolean linear = "linear".equals(options.oneOf("time_shift_type", "exponential", "linear"));
      return linear ? request.mu() : Math.exp(request.mu());
    }
  }
}
