package dev.likeness.lora.training;

/**
 * How the learning rate of a training changes from step to step. All but {@link #COSINE_FROM_START}
 * are those of {@code get_scheduler} in {@code diffusers/optimization.py} of diffusers 0.42.1,
 * which kohya's scripts have too: the warmup begins at 0, and the schedule after it.
 */
public enum LearningRateScheduler {
  /**
   * Falls to 0 along half a cosine over all steps. The warmup multiplies it, and begins above 0, so
   * that a training of few steps has no step without effect.
   */
  COSINE_FROM_START,
  /** Stays at the peak ({@code constant}, with warmup steps {@code constant_with_warmup}). */
  CONSTANT,
  /** Falls to 0 along a line ({@code linear}). */
  LINEAR,
  /** Falls to 0 along half a cosine ({@code cosine}). */
  COSINE,
  /**
   * Falls to 0 along half a cosine as often as there are cycles, and begins again at the peak
   * ({@code cosine_with_restarts}).
   */
  COSINE_WITH_RESTARTS
}
