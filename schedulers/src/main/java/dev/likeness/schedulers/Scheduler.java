package dev.likeness.schedulers;

/** A scheduler with all of its options set: immutable, and shared freely between threads. */
public interface Scheduler {
  /**
   * The rows of one run.
   *
   * @throws IllegalArgumentException when the request is outside what this scheduler can do; the
   *     message names the range
   */
  SamplingPlan plan(PlanRequest request);

  /**
   * The noise levels that the network was trained at.
   *
   * @throws IllegalStateException for networks trained on {@linkplain #isContinuous continuous}
   *     levels
   */
  NoiseSchedule noiseSchedule();

  /** Whether the network was trained on continuous noise levels, which no table lists. */
  default boolean isContinuous() {
    return false;
  }

  /** What the network was trained to answer. */
  Prediction prediction();
}
