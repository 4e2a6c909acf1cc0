package dev.likeness.diffusion.internal.family.stablediffusion;

import dev.likeness.diffusion.internal.nn.unet.AttentionContext;
import org.bytedeco.pytorch.Tensor;

/**
 * What a UNet is told beside the noisy latents and the timestep.
 *
 * @param attentionContext text tokens [batch, tokens, contextWidth]
 * @param pooled one vector per image [batch, width], or null (SDXL has it)
 * @param timeIds sizes and crops [batch, ids], or null (SDXL has them)
 * @param guidance {@link dev.likeness.diffusion.internal.nn.SinusoidalEmbedding#guidance} [batch or
 *     1, any], or null; ignored by networks that know none
 */
public record UNetConditioning(
    AttentionContext attentionContext, Tensor pooled, Tensor timeIds, Tensor guidance) {
  /** Of text tokens, none of whose keys and values are kept. */
  public UNetConditioning(Tensor context, Tensor pooled, Tensor timeIds) {
    this(AttentionContext.of(context), pooled, timeIds, null);
  }

  /** Text tokens alone, as SD 1.x and 2.x have it. */
  public static UNetConditioning text(Tensor context) {
    return new UNetConditioning(context, null, null);
  }

  /**
   * The same for many calls of one network, which then makes its keys and values of the text once:
   * {@link AttentionContext#withCache}.
   */
  public UNetConditioning withCache() {
    return new UNetConditioning(attentionContext.withCache(), pooled, timeIds, guidance);
  }

  /** The same with a guidance scale. */
  public UNetConditioning withGuidance(Tensor scale) {
    return new UNetConditioning(attentionContext, pooled, timeIds, scale);
  }

  /** The text's tokens. */
  public Tensor context() {
    return attentionContext.tokens();
  }
}
