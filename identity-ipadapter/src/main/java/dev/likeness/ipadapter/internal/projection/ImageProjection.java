package dev.likeness.ipadapter.internal.projection;

import org.bytedeco.pytorch.Tensor;

/** Turns references into tokens for a base model's attentions. Immutable and thread-safe. */
@FunctionalInterface
public interface ImageProjection {
  /** Computes tokens [n, tokens, contextWidth] of n references. */
  Tensor forward(ProjectionInputs inputs);

  /**
   * The inputs of a projection, one row for each reference.
   *
   * @param image output of an image encoder: [n, 1, projection] pooled, or [n, tokens, width]; null
   *     if not used
   * @param face face embeddings [n, width]; null if not used
   * @param time the timestep embedding, [1, width]; null if not used
   */
  public record ProjectionInputs(Tensor image, Tensor face, Tensor time) {
    /** Creates inputs without a timestep. */
    public ProjectionInputs(Tensor image, Tensor face) {
      this(image, face, null);
    }
  }
}
