package dev.likeness.diffusion.request;

import dev.likeness.schedulers.PlanRequest;
import java.util.List;
import java.util.stream.DoubleStream;

/**
 * The steps of a run as the caller lays them, in place of a number of them: by timesteps, by noise
 * levels, or not at all. Both fall, from noise to the picture.
 *
 * @param timesteps one for each step; empty where the levels say, or the scheduler
 * @param sigmas as the scheduler counts them, see {@link PlanRequest#ofSigmas}; empty likewise
 */
public record SamplingOptions(List<Double> timesteps, List<Double> sigmas) {
  /** The scheduler's. */
  public static final SamplingOptions NONE = new SamplingOptions(List.of(), List.of());

  public SamplingOptions {
    timesteps = List.copyOf(timesteps);
    sigmas = List.copyOf(sigmas);
    if (!timesteps.isEmpty() && !sigmas.isEmpty()) {
      throw new IllegalArgumentException(
          "a run has timesteps or sigmas of its own, not both; give one of them");
    }
    requireFalling("timesteps", timesteps);
    requireFalling("sigmas", sigmas);
  }

  static SamplingOptions ofTimesteps(double... timesteps) {
    requireSome("timesteps", timesteps);
    return new SamplingOptions(DoubleStream.of(timesteps).boxed().toList(), List.of());
  }

  static SamplingOptions ofSigmas(double... sigmas) {
    requireSome("sigmas", sigmas);
    return new SamplingOptions(List.of(), DoubleStream.of(sigmas).boxed().toList());
  }

  /** A run in them, or in this number of steps where there are none. */
  public PlanRequest plan(int steps) {
    return equals(NONE)
        ? PlanRequest.of(steps)
        : timesteps.isEmpty()
            ? PlanRequest.ofSigmas(numbers(sigmas))
            : PlanRequest.ofTimesteps(numbers(timesteps));
  }

  private static double[] numbers(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }

  private static void requireSome(String what, double[] given) {
    if (given.length == 0) {
      throw new IllegalArgumentException(
          what + " of a run must be at least 1, got 0; give some, or a number of steps");
    }
  }

  private static void requireFalling(String what, List<Double> values) {
    double above = Double.POSITIVE_INFINITY;
    for (double value : values) {
      if (!(value < above && value >= 0)) {
        throw new IllegalArgumentException(what + " must be finite and fall to no less than 0, got "
            + value + (above == Double.POSITIVE_INFINITY ? " first" : " after " + above)
            + "; give them from noise to the picture");
      }
      above = value;
    }
  }
}
