package dev.likeness.diffusion.internal.family.stablediffusion;

import dev.likeness.diffusion.internal.nn.unet.AttentionContext;
import org.bytedeco.pytorch.Tensor;

/**
 * The conditioning of a UNet, other than the timestep.
 *
 * @param attentionContext text tokens [batch, tokens, contextWidth]
 * @param pooled one vector per image [batch, width], or null (SDXL has it)
 * @param timeIds sizes and crops [batch, ids], or null (SDXL has them)
 * @param guidance {@link dev.likeness.diffusion.internal.nn.SinusoidalEmbedding#guidance} [batch or
 *     1, any], or null; ignored by networks without a guidance embedding
 */
public record UNetConditioning(
    AttentionContext attentionContext, Tensor pooled, Tensor timeIds, Tensor guidance) {
  /** Conditioning by text tokens, without cached keys and values. */
  public UNetConditioning(Tensor context, Tensor pooled, Tensor timeIds) {
    this(AttentionContext.of(context), pooled, timeIds, null);
  }

  /** Conditioning by text tokens alone, as in SD 1.x and 2.x. */
  public static UNetConditioning text(Tensor context) {
    return new UNetConditioning(context, null, null);
  }

  /**
   * This conditioning for many calls of one network, with cached keys and values of the text:
   * {@link AttentionContext#withCache}.
   */
  public UNetConditioning withCache() {
    return new UNetConditioning(attentionContext.withCache(), pooled, timeIds, guidance);
  }

  /** This conditioning with a guidance scale. */
  public UNetConditioning withGuidance(Tensor scale) {
    return new UNetConditioning(attentionContext, pooled, timeIds, scale);
  }

  /** This conditioning with other tokens, without cached keys and values. */
  public UNetConditioning withContext(Tensor context) {
    return new UNetConditioning(AttentionContext.of(context), pooled, timeIds, guidance);
  }

  /** The text's tokens. */
  public Tensor context() {
    return attentionContext.tokens();
  }
}
