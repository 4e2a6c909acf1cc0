package dev.likeness.ipadapter.internal.projection;

import org.bytedeco.pytorch.Tensor;

/**
 * What a projection is given, one row for each reference.
 *
 * @param image of an image encoder: [n, 1, projection] pooled, or [n, tokens, width]; null when the
 *     kind takes none
 * @param face of a face recogniser: [n, numbers]; null when the kind takes none
 * @param time as {@link TimestepResampler#told} has it, [1, width]; null when the kind is not told
 *     it
 */
public record Sights(Tensor image, Tensor face, Tensor time) {
  /** At no time. */
  public Sights(Tensor image, Tensor face) {
    this(image, face, null);
  }
}
