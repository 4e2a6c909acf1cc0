package dev.likeness.schedulers;

import java.util.Arrays;

/**
 * A request for a sampling plan.
 *
 * @param steps the number of steps, at least 1
 * @param strength the share of the steps that is sampled, 0..1; below 1 for an initial image
 * @param denoisingStart the share of the training timesteps that another model has sampled, 0..1
 *     (base and refiner)
 * @param denoisingEnd the share at which sampling ends, 0..1
 * @param eta the share of each step's noise that is fresh, for schedulers that have it; 0 is
 *     deterministic, NaN the scheduler's default
 * @param mu the exponent of resolution-dependent shifting for flow, see {@link #mu(double)}; NaN
 *     for none
 * @param timesteps timesteps in place of the scheduler's; empty for the scheduler's
 * @param sigmas sigmas in place of the scheduler's, in its own unit; empty for the scheduler's
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

  /**
   * Checks the ranges and copies the arrays.
   *
   * @param steps the component {@code steps}
   * @param strength the component {@code strength}
   * @param denoisingStart the component {@code denoisingStart}
   * @param denoisingEnd the component {@code denoisingEnd}
   * @param eta the component {@code eta}
   * @param mu the component {@code mu}
   * @param timesteps the component {@code timesteps}
   * @param sigmas the component {@code sigmas}
   * @throws IllegalArgumentException if a number is out of its range
   */
  public PlanRequest {
    require(steps >= 1, "steps", "at least 1", steps);
    require(strength >= 0 && strength <= 1, "strength", "in 0..1", strength);
    require(
        denoisingStart >= 0 && denoisingStart <= denoisingEnd,
        "denoisingStart",
        "in 0..denoisingEnd",
        denoisingStart);
    require(denoisingEnd <= 1, "denoisingEnd", "at most 1", denoisingEnd);
    timesteps = timesteps.clone();
    sigmas = sigmas.clone();
  }

  /**
   * {@return a request for a number of steps from pure noise}
   *
   * @param steps the number of steps, at least 1
   * @throws IllegalArgumentException if the number is less than 1
   */
  public static PlanRequest of(int steps) {
    return new PlanRequest(steps, 1, 0, 1, Double.NaN, Double.NaN, NONE, NONE);
  }

  /**
   * {@return a request for a step at each of these timesteps}
   *
   * @param timesteps trained timesteps in descending order, at least one
   * @throws IllegalArgumentException if there are none
   */
  public static PlanRequest ofTimesteps(double... timesteps) {
    return new PlanRequest(timesteps.length, 1, 0, 1, Double.NaN, Double.NaN, timesteps, NONE);
  }

  /**
   * {@return a request for sampling over these sigmas}
   *
   * <p>{@link CustomScheduler}, k-diffusion's samplers and diffusers' classes with sigma schedules
   * (Euler, Heun, DPM2, LMS and similar, LTX's ancestral Euler) take one sigma more than steps.
   * Sampling ends at the last one; noise remains if it is not 0. Other flow classes, and UniPC,
   * take one sigma for each step and end at 0.
   *
   * @param sigmas sigmas in the scheduler's own unit, in descending order, at least one
   * @throws IllegalArgumentException if there are none
   */
  public static PlanRequest ofSigmas(double... sigmas) {
    return new PlanRequest(sigmas.length, 1, 0, 1, Double.NaN, Double.NaN, NONE, sigmas);
  }

  /**
   * {@return this request with another strength}
   *
   * @param strength the share of the steps that is sampled, 0..1
   * @throws IllegalArgumentException if the strength is not in 0..1
   */
  public PlanRequest strength(double strength) {
    return new PlanRequest(
        steps, strength, denoisingStart, denoisingEnd, eta, mu, timesteps, sigmas);
  }

  /**
   * {@return this request limited to a range of the training timesteps}
   *
   * @param from the share of the training timesteps at which sampling starts, 0..1
   * @param until the share at which it ends, {@code from}..1
   * @throws IllegalArgumentException if the shares are not in 0..1 or not in order
   */
  public PlanRequest denoisingRange(double from, double until) {
    return new PlanRequest(steps, strength, from, until, eta, mu, timesteps, sigmas);
  }

  /**
   * {@return this request with another share of fresh noise in each step}
   *
   * @param eta the share, 0..1; 0 is deterministic, NaN the scheduler's default
   */
  public PlanRequest eta(double eta) {
    return new PlanRequest(
        steps, strength, denoisingStart, denoisingEnd, eta, mu, timesteps, sigmas);
  }

  /**
   * {@return this request with resolution-dependent shifting for flow: sigmas are shifted by
   * {@code exp(mu)}}
   *
   * <p>Diffusers' pipelines interpolate mu linearly over the number of image tokens. For FLUX.1 it
   * is 0.5 at 256 tokens (256 x 256 pixels) and 1.15 at 4096 (1024 x 1024).
   *
   * @param mu the exponent; NaN for none
   */
  public PlanRequest mu(double mu) {
    return new PlanRequest(
        steps, strength, denoisingStart, denoisingEnd, eta, mu, timesteps, sigmas);
  }

  /**
   * {@return eta, or a scheduler's default if it is NaN}
   *
   * @param otherwise the scheduler's default
   */
  public double etaOrDefault(double otherwise) {
    return Double.isNaN(eta) ? otherwise : eta;
  }

  /**
   * {@return the first step that is sampled at the request's strength, from 0, as diffusers counts}
   */
  public int firstStep() {
    return firstStep(steps);
  }

  /**
   * {@return the first step that is sampled at the request's strength, from 0}
   *
   * @param count the number of steps of the whole schedule, at least 0
   */
  public int firstStep(int count) {
    return Math.max(count - Math.min((int) (count * strength), count), 0);
  }

  /**
   * {@return the timestep below which the first step lies}
   *
   * @param trained the number of training timesteps
   */
  public double startTimestep(int trained) {
    return Math.rint(trained - denoisingStart * trained);
  }

  /**
   * {@return the timestep below which no step is made; 0 to sample to the end}
   *
   * @param trained the number of training timesteps
   */
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
    return "PlanRequest[steps=" + steps + ", strength=" + strength + ", denoisingStart="
        + denoisingStart
        + ", denoisingEnd="
        + denoisingEnd
        + ", eta=" + eta
        + ", mu=" + mu + ", timesteps=" + Arrays.toString(timesteps) + ", sigmas="
        + Arrays.toString(sigmas) + "]";
  }

  /**
   * The shift of a flow network's sigmas towards noise: a number, or dependent on the image's
   * resolution.
   */
  public static final class FlowShift {
    private FlowShift() {}

    /**
     * {@return the shift of a scheduler's options, {@code shift} or {@code flow_shift}; 1 if
     * neither is set}
     *
     * @param options the options of a flow scheduler
     */
    public static double of(Options options) {
      return options.number(options.has("shift") ? "shift" : "flow_shift", 1);
    }

    /**
     * {@return the shift for a request, which {@link Sigmas#shift} takes}
     *
     * @param options the options of a flow scheduler
     * @param request the request; its mu is used if the shift depends on the resolution
     * @throws IllegalArgumentException if the shift depends on the resolution
     *     ({@code use_dynamic_shifting}) and the request has no mu
     */
    public static double of(Options options, PlanRequest request) {
      if (!options.flag("use_dynamic_shifting")) {
        return of(options);
      }
      if (Double.isNaN(request.mu())) {
        throw new IllegalArgumentException(options.className()
            + " has use_dynamic_shifting and needs mu in the request;"
            + " set PlanRequest.mu (diffusers: 0.5 at 256 tokens to 1.15 at 4096), or generate with"
            + " ImageRequest, which sets it");
      }
      boolean linear = "linear".equals(options.oneOf("time_shift_type", "exponential", "linear"));
      return linear ? request.mu() : Math.exp(request.mu());
    }
  }
}
