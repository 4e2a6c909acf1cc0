package dev.likeness.diffusion.transformer;

import org.bytedeco.pytorch.Tensor;

/**
 * The two streams of a joint transformer.
 *
 * @param image [batch, imageTokens, width]
 * @param text [batch, textTokens, width], or null where a network has no more use for it
 */
record Streams(Tensor image, Tensor text) { }
