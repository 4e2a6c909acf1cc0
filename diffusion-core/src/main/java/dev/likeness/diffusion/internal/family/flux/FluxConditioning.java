package dev.likeness.diffusion.internal.family.flux;

import org.bytedeco.pytorch.Tensor;

/**
 * What FLUX is told beside the noisy tokens and the time.
 *
 * @param text T5's tokens [batch, textTokens, textWidth]
 * @param pooled CLIP's pooled text [batch, pooledWidth]
 * @param guidance the distilled guidance scale [batch] or [1] in f32; ignored by networks that know
 *     none
 */
public record FluxConditioning(Tensor text, Tensor pooled, Tensor guidance) {}
