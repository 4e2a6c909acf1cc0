package dev.likeness.schedulers;

import java.util.Arrays;
import java.util.OptionalDouble;

/**
 * A request for a sampling plan.
 *
 * @param steps the number of steps, at least 1
 * @param strength the share of the steps that is sampled, 0..1; a value below 1 needs an initial
 *     image
 * @param denoisingStart the share of the training timesteps that another model has already sampled,
 *     0..{@code denoisingEnd}; above 0 for a refiner
 * @param denoisingEnd the share of the training timesteps after which sampling ends, 0..1
 * @param eta the share of fresh noise in each step, 0..1, for schedulers that have this option. 0
 *     is deterministic; empty means the scheduler's default
 * @param mu the exponent of the resolution-dependent shift of flow networks, see
 *     {@link #mu(double)}; empty for schedulers without such a shift
 * @param timesteps timesteps that replace the scheduler's own timesteps; empty to keep its own
 * @param sigmas sigmas that replace the scheduler's own sigmas, in the scheduler's unit; empty to
 *     keep its own
 */
public record PlanRequest(
    int steps,
    double strength,
    double denoisingStart,
    double denoisingEnd,
    OptionalDouble eta,
    OptionalDouble mu,
    double[] timesteps,
    double[] sigmas) {
  private static final double[] NONE = {};

  /**
   * Checks the ranges and copies the arrays.
   *
   * @throws IllegalArgumentException if mu is not finite, or if another number is out of its range
   */
  public PlanRequest {
    require(steps >= 1, "steps", "at least 1", steps);
    require(strength >= 0 && strength <= 1, "strength", "in 0..1", strength);
    require(
        denoisingStart >= 0 && denoisingStart <= denoisingEnd && denoisingEnd <= 1,
        "the denoising range",
        "within 0..1 and not end before it starts",
        denoisingStart + " to " + denoisingEnd);
    require(eta.orElse(0) >= 0 && eta.orElse(0) <= 1, "eta", "in 0..1", eta.orElse(0));
    require(Double.isFinite(mu.orElse(0)), "mu", "a finite number", mu.orElse(0));
    timesteps = timesteps.clone();
    sigmas = sigmas.clone();
  }

  /**
   * {@return a request for a plan with the given number of steps that starts from pure noise}
   *
   * @param steps the number of steps, at least 1
   * @throws IllegalArgumentException if the number is less than 1
   */
  public static PlanRequest of(int steps) {
    return new PlanRequest(
        steps, 1, 0, 1, OptionalDouble.empty(), OptionalDouble.empty(), NONE, NONE);
  }

  /**
   * {@return a request for a step at each of these timesteps}
   *
   * @param timesteps trained timesteps in descending order, at least one
   * @throws IllegalArgumentException if no timestep is given
   */
  public static PlanRequest ofTimesteps(double... timesteps) {
    require(timesteps.length > 0, "the number of timesteps", "at least 1", 0);
    return new PlanRequest(
        timesteps.length, 1, 0, 1, OptionalDouble.empty(), OptionalDouble.empty(), timesteps, NONE);
  }

  /**
   * {@return a request with these sigmas as its sigma schedule}
   *
   * <p>{@link CustomScheduler}, k-diffusion's samplers and diffusers' classes with sigma schedules
   * (Euler, Heun, DPM2, LMS, LTX's ancestral Euler and similar classes) need {@code n + 1} sigmas
   * for {@code n} steps. These schedulers end sampling at the last sigma. If the last sigma is not
   * 0, the result still contains noise.
   *
   * <p>Diffusers' other flow classes, and UniPC with {@code use_flow_sigmas}, need {@code n} sigmas
   * for {@code n} steps. By default, these schedulers end sampling at 0.
   *
   * @param sigmas sigmas in the scheduler's own unit, in descending order, at least one
   * @throws IllegalArgumentException if no sigma is given
   */
  public static PlanRequest ofSigmas(double... sigmas) {
    require(sigmas.length > 0, "the number of sigmas", "at least 1", 0);
    return new PlanRequest(
        sigmas.length, 1, 0, 1, OptionalDouble.empty(), OptionalDouble.empty(), NONE, sigmas);
  }

  /**
   * {@return a copy of this request with the given strength}
   *
   * @param strength the share of the steps that is sampled, 0..1
   * @throws IllegalArgumentException if the strength is not in 0..1
   */
  public PlanRequest strength(double strength) {
    return new PlanRequest(
        steps, strength, denoisingStart, denoisingEnd, eta, mu, timesteps, sigmas);
  }

  /**
   * {@return a copy of this request that is limited to a range of the training timesteps} The
   * limits are shares of the training timesteps, counted from the noisiest timestep.
   *
   * @param from the share after which sampling starts, 0..1 (diffusers: {@code denoising_start})
   * @param until the share after which sampling ends, {@code from}..1 (diffusers:
   *     {@code denoising_end})
   * @throws IllegalArgumentException if the range is not within 0..1 or ends before it starts
   */
  public PlanRequest denoisingRange(double from, double until) {
    return new PlanRequest(steps, strength, from, until, eta, mu, timesteps, sigmas);
  }

  /**
   * {@return a copy of this request with the given share of fresh noise in each step}
   *
   * @param eta the share, 0..1; 0 is deterministic
   * @throws IllegalArgumentException if the share is not in 0..1
   */
  public PlanRequest eta(double eta) {
    return new PlanRequest(
        steps,
        strength,
        denoisingStart,
        denoisingEnd,
        OptionalDouble.of(eta),
        mu,
        timesteps,
        sigmas);
  }

  /**
   * {@return a copy of this request with a resolution-dependent shift for flow networks} If the
   * scheduler's option {@code time_shift_type} is {@code exponential}, the shift of the sigmas
   * towards noise is {@code exp(mu)}. If this option is {@code linear}, the shift is mu itself. A
   * scheduler whose option {@code use_dynamic_shifting} is false ignores mu.
   *
   * <p>Diffusers' pipelines interpolate mu linearly over the number of image tokens. For FLUX.1, mu
   * is 0.5 at 256 tokens (256 x 256 pixels) and 1.15 at 4096 tokens (1024 x 1024 pixels).
   *
   * @param mu the exponent
   * @throws IllegalArgumentException if the exponent is not a finite number
   */
  public PlanRequest mu(double mu) {
    return new PlanRequest(
        steps,
        strength,
        denoisingStart,
        denoisingEnd,
        eta,
        OptionalDouble.of(mu),
        timesteps,
        sigmas);
  }

  /**
   * {@return the index, from 0, of the first step that is sampled at the request's strength, as in
   * diffusers; the number of steps if no step is sampled}
   */
  public int firstStep() {
    return firstStep(steps);
  }

  /**
   * {@return the index, from 0, of the first step that is sampled at the request's strength;
   * {@code count} if no step is sampled}
   *
   * @param count the number of steps of the whole schedule, at least 0
   */
  public int firstStep(int count) {
    return Math.max(count - Math.min((int) (count * strength), count), 0);
  }

  /**
   * {@return the timestep for {@code denoisingStart}; only timesteps below it are sampled}
   *
   * @param trained the number of training timesteps
   */
  public double startTimestep(int trained) {
    return Math.rint(trained - denoisingStart * trained);
  }

  /**
   * {@return the timestep for {@code denoisingEnd}; timesteps below it are not sampled} The result
   * is 0 if {@code denoisingEnd} is 1.
   *
   * @param trained the number of training timesteps
   */
  public double endTimestep(int trained) {
    return Math.rint(trained - denoisingEnd * trained);
  }

  /** {@return a copy of the timesteps that replace the scheduler's own; empty to keep its own} */
  @Override
  public double[] timesteps() {
    return timesteps.clone();
  }

  /** {@return a copy of the sigmas that replace the scheduler's own; empty to keep its own} */
  @Override
  public double[] sigmas() {
    return sigmas.clone();
  }

  private static void require(boolean holds, String what, String expected, Object given) {
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
   * The shift of a flow network's sigmas towards noise. It is a fixed number or depends on the
   * image's resolution.
   */
  public static final class FlowShift {
    private FlowShift() {}

    /**
     * {@return the option {@code shift} or {@code flow_shift} of a scheduler; 1 if neither is set}
     *
     * @param options the options of a flow scheduler
     * @throws IllegalArgumentException if the value is not a number
     */
    public static double of(Options options) {
      return options.number(options.has("shift") ? "shift" : "flow_shift", 1);
    }

    /**
     * {@return the shift for a request, the s in {@code s t / (1 + (s - 1) t)} for a sigma t}
     *
     * @param options the options of a flow scheduler
     * @param request the request; its mu is used if the shift depends on the resolution
     * @throws IllegalArgumentException if the shift depends on the resolution
     *     ({@code use_dynamic_shifting}) and the request has no mu, or if the value of an option is
     *     not supported
     */
    public static double of(Options options, PlanRequest request) {
      if (!options.flag("use_dynamic_shifting")) {
        return of(options);
      }
      if (request.mu().isEmpty()) {
        throw new IllegalArgumentException(options.className()
            + " with use_dynamic_shifting needs mu; set PlanRequest.mu, such as 1.15 for"
            + " an image of 4096 tokens, or generate with an ImageRequest, which sets it");
      }
      boolean linear = "linear".equals(options.oneOf("time_shift_type", "exponential", "linear"));
      double mu = request.mu().getAsDouble();
      return linear ? mu : Math.exp(mu);
    }
  }
}
