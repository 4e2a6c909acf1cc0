package dev.likeness.ipadapter.projection;

import org.bytedeco.pytorch.Tensor;

/**
 * What a projection is given, one row for each reference.
 *
 * @param image of an image encoder: [n, 1, projection] pooled, or [n, tokens, width]; null when the kind takes none
 * @param face of a face recogniser: [n, numbers]; null when the kind takes none
 */
public record Sights(Tensor image, Tensor face) { }
