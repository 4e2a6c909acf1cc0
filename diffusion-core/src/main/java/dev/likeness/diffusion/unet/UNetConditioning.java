package dev.likeness.diffusion.unet;

import org.bytedeco.pytorch.Tensor;

/**
 * What a UNet is told beside the noisy latents and the timestep.
 *
 * @param context text tokens [batch, tokens, contextWidth]
 * @param pooled one vector per image [batch, width], or null (SDXL has it)
 * @param timeIds sizes and crops [batch, ids], or null (SDXL has them)
 */
public record UNetConditioning(Tensor context, Tensor pooled, Tensor timeIds) {
  /** Text tokens alone, as SD 1.x and 2.x have it. */
  public static UNetConditioning text(Tensor context) {
    return new UNetConditioning(context, null, null);
  }
}
