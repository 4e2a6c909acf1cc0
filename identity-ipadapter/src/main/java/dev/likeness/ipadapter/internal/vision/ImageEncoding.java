package dev.likeness.ipadapter.internal.vision;

import org.bytedeco.pytorch.Tensor;

/**
 * What a vision tower makes of pictures.
 *
 * @param pooled one vector for each picture, [batch, projection]; null when the tower has no
 *     projection
 * @param penultimate tokens before the last layer, [batch, tokens, width]: transformers'
 *     {@code hidden_states[-2]}
 */
public record ImageEncoding(Tensor pooled, Tensor penultimate) {}
