package dev.likeness.schedulers;

/** A scheduler with all of its options set. Immutable and thread-safe. */
public interface Scheduler {
  /**
   * {@return the sampling plan of a request}
   *
   * @param request the request
   * @throws IllegalArgumentException if the scheduler does not support the request; the message
   *     says which values it supports
   */
  SamplingPlan plan(PlanRequest request);

  /**
   * {@return the noise levels that the network was trained at}
   *
   * @throws IllegalStateException if the network was trained on {@linkplain #isContinuous
   *     continuous} levels, or if the scheduler has sigmas and no betas
   */
  NoiseSchedule noiseSchedule();

  /**
   * {@return true if the network was trained on continuous noise levels instead of a table of
   * levels; false by default}
   */
  default boolean isContinuous() {
    return false;
  }

  /** {@return the kind of value that the network predicts} */
  Prediction prediction();
}
