package dev.likeness.diffusion.request;

import dev.likeness.diffusion.tensor.Latents;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.Scheduler;
import java.util.List;
import java.util.stream.DoubleStream;

/**
 * Steps, scheduler, seed and initial noise of a request.
 *
 * @param steps sampling steps, or 0 for the default; as many as there are timesteps or sigmas where
 *     those are given
 * @param timesteps one for each step, falling from noise to the image; empty where the sigmas or
 *     the scheduler say
 * @param sigmas as the scheduler counts them, falling, see {@link PlanRequest#ofSigmas}; empty
 *     likewise
 * @param scheduler a scheduler's name, or null for the base's own
 * @param customScheduler a scheduler of the caller's, or null for the one by name
 * @param eta how much of each step's noise is fresh, for schedulers that can choose, or NaN for
 *     their default
 * @param denoisingStart the share of the training timesteps that another model has sampled already,
 *     in 0..1
 * @param denoisingEnd the share at which sampling stops, in 0..1; the latents are then still noisy
 * @param seed the noise of image {@code i} is drawn from {@code seed + i}
 * @param count number of images, at least 1
 * @param noise the unit noise that sampling begins with instead of the seed's, or null
 */
public record SamplingOptions(
    int steps,
    List<Double> timesteps,
    List<Double> sigmas,
    String scheduler,
    Scheduler customScheduler,
    double eta,
    double denoisingStart,
    double denoisingEnd,
    long seed,
    int count,
    Latents noise) {
  /** One image of seed 0, everything else the base's own. */
  public static final SamplingOptions DEFAULT =
      new SamplingOptions(0, List.of(), List.of(), null, null, Double.NaN, 0, 1, 0, 1, null);

  public SamplingOptions {
    timesteps = List.copyOf(timesteps);
    sigmas = List.copyOf(sigmas);
    if (steps < 0 || count < 1) {
      throw new IllegalArgumentException("steps " + steps + ", count " + count
          + ": steps must not be negative, count must be at least 1");
    }
    if (!timesteps.isEmpty() && !sigmas.isEmpty()) {
      throw new IllegalArgumentException(
          "a run has timesteps or sigmas of its own, not both; give one of them");
    }
    requireDescending("timesteps", timesteps);
    requireDescending("sigmas", sigmas);
  }

  /** So many steps, laid by the scheduler. */
  public SamplingOptions steps(int n) {
    return withStepValues(n, List.of(), List.of());
  }

  /**
   * A step at each of these timesteps, in place of a number of steps.
   *
   * @throws IllegalArgumentException if there are none, or they do not fall
   */
  public SamplingOptions timesteps(double... descending) {
    requireNotEmpty("timesteps", descending);
    return withStepValues(
        descending.length, DoubleStream.of(descending).boxed().toList(), List.of());
  }

  /**
   * Sampling over these sigmas, in place of a number of steps.
   *
   * @throws IllegalArgumentException if there are none, or they do not fall
   */
  public SamplingOptions sigmas(double... descending) {
    requireNotEmpty("sigmas", descending);
    return withStepValues(
        descending.length, List.of(), DoubleStream.of(descending).boxed().toList());
  }

  private SamplingOptions withStepValues(int n, List<Double> times, List<Double> levels) {
    return new SamplingOptions(
        n,
        times,
        levels,
        scheduler,
        customScheduler,
        eta,
        denoisingStart,
        denoisingEnd,
        seed,
        count,
        noise);
  }

  /** By this name, in place of a scheduler of the caller's. */
  public SamplingOptions scheduler(String name) {
    return new SamplingOptions(
        steps,
        timesteps,
        sigmas,
        name,
        null,
        eta,
        denoisingStart,
        denoisingEnd,
        seed,
        count,
        noise);
  }

  /** By this scheduler, whatever the name. */
  public SamplingOptions customScheduler(Scheduler other) {
    return new SamplingOptions(
        steps,
        timesteps,
        sigmas,
        scheduler,
        other,
        eta,
        denoisingStart,
        denoisingEnd,
        seed,
        count,
        noise);
  }

  public SamplingOptions eta(double share) {
    return new SamplingOptions(
        steps,
        timesteps,
        sigmas,
        scheduler,
        customScheduler,
        share,
        denoisingStart,
        denoisingEnd,
        seed,
        count,
        noise);
  }

  public SamplingOptions denoisingRange(double start, double end) {
    return new SamplingOptions(
        steps, timesteps, sigmas, scheduler, customScheduler, eta, start, end, seed, count, noise);
  }

  public SamplingOptions seed(long value) {
    return new SamplingOptions(
        steps,
        timesteps,
        sigmas,
        scheduler,
        customScheduler,
        eta,
        denoisingStart,
        denoisingEnd,
        value,
        count,
        noise);
  }

  public SamplingOptions count(int n) {
    return new SamplingOptions(
        steps,
        timesteps,
        sigmas,
        scheduler,
        customScheduler,
        eta,
        denoisingStart,
        denoisingEnd,
        seed,
        n,
        noise);
  }

  public SamplingOptions noise(Latents unit) {
    return new SamplingOptions(
        steps,
        timesteps,
        sigmas,
        scheduler,
        customScheduler,
        eta,
        denoisingStart,
        denoisingEnd,
        seed,
        count,
        unit);
  }

  /** Whether the caller gives the timesteps or the sigmas. */
  public boolean hasCustomSchedule() {
    return !timesteps.isEmpty() || !sigmas.isEmpty();
  }

  /** Checks that every value falls below the one before it. */
  private static void requireDescending(String what, List<Double> values) {
    double above = Double.POSITIVE_INFINITY;
    for (double value : values) {
      if (!(value < above && value >= 0)) {
        throw new IllegalArgumentException(
            what + " must be finite and fall to no less than 0, got " + value
                + (above == Double.POSITIVE_INFINITY ? " first" : " after " + above)
                + "; give them from noise to the image");
      }
      above = value;
    }
  }

  private static void requireNotEmpty(String what, double[] given) {
    if (given.length == 0) {
      throw new IllegalArgumentException(
          what + " of a run must be at least 1, got 0; give some, or a number of steps");
    }
  }
}
