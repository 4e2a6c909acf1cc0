package dev.likeness.schedulers;

/** A scheduler with all of its options set. Immutable and thread-safe. */
public interface Scheduler {
  /**
   * Returns the sampling plan of a request.
   *
   * @throws IllegalArgumentException if the scheduler does not support the request; the message
   *     names the supported range
   */
  SamplingPlan plan(PlanRequest request);

  /**
   * Returns the noise levels that the network was trained at.
   *
   * @throws IllegalStateException if the network was trained on {@linkplain #isContinuous
   *     continuous} levels
   */
  NoiseSchedule noiseSchedule();

  /** Returns whether the network was trained on continuous noise levels, which no table lists. */
  default boolean isContinuous() {
    return false;
  }

  /** Returns what the network predicts. */
  Prediction prediction();
}
