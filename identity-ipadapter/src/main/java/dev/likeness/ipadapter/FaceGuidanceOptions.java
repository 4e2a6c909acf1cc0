package dev.likeness.ipadapter;

/**
 * The options of face guidance.
 *
 * @param every the number of steps from one guided step to the next, at least 1. The first step is
 *     guided. For a solver that calls the network several times in a step, each call counts as a
 *     step
 * @param gradient whether and how the gradient goes through the denoising network
 */
public record FaceGuidanceOptions(int every, Gradient gradient) {
  /** Guidance in every step; the estimated memory decides about the gradient. */
  public static final FaceGuidanceOptions DEFAULT = new FaceGuidanceOptions(1, Gradient.BY_MEMORY);

  /**
   * Checks the interval.
   *
   * @throws IllegalArgumentException if {@code every} is less than 1
   */
  public FaceGuidanceOptions {
    if (every < 1) {
      throw new IllegalArgumentException(
          "the interval of face guidance must be at least 1 step, got " + every);
    }
  }

  /**
   * Returns a copy of these options with the given interval.
   *
   * @param steps the number of steps from one guided step to the next, at least 1
   * @return the new options
   * @throws IllegalArgumentException if {@code steps} is less than 1
   */
  public FaceGuidanceOptions every(int steps) {
    return new FaceGuidanceOptions(steps, gradient);
  }

  /**
   * Returns a copy of these options with the given gradient.
   *
   * @param other whether and how the gradient goes through the denoising network
   * @return the new options
   */
  public FaceGuidanceOptions gradient(Gradient other) {
    return new FaceGuidanceOptions(every, other);
  }

  /** Whether and how the gradient of the similarity goes through the denoising network. */
  public enum Gradient {
    /**
     * The estimated memory decides: {@link #KEPT} if it fits into the free memory of the base's
     * device, else {@link #RECOMPUTED} if that fits, else {@link #LEFT_OUT}. Weights in 8 bits
     * exclude {@link #KEPT}, and tiled sampling excludes {@link #RECOMPUTED}.
     */
    BY_MEMORY,
    /**
     * The gradient goes through the network, whose activations are kept in memory. This is faster
     * than {@link #RECOMPUTED}.
     */
    KEPT,
    /**
     * The gradient goes through the network, whose blocks are computed again in the backward pass.
     * The result equals that of {@link #KEPT}, with much less memory and one more forward pass. The
     * weights of the base must stay in memory.
     */
    RECOMPUTED,
    /**
     * The gradient does not go through the network: its output counts as a constant, and only
     * {@code x0 = x - sigma v} is differentiated. A guided step then takes longer only by the time
     * of the tiny autoencoder and the face embedder. The likeness is lower, because the network
     * undoes a part of the change to the sample.
     */
    LEFT_OUT
  }
}
