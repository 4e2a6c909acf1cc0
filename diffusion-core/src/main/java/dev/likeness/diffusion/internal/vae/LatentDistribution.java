package dev.likeness.diffusion.internal.vae;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * An image's latents as the encoder knows them: a diagonal Gaussian, brought to the diffusion
 * model's scale when drawn.
 *
 * @param mean [batch, channels, h, w], at the encoder's own scale
 * @param logVariance same shape, or null when the encoder is certain
 * @param scalingFactor the diffusion model's factor: latents = (drawn - shift) * scale
 */
public record LatentDistribution(
    Tensor mean, Tensor logVariance, double scalingFactor, double shiftFactor) {
  /** The most likely latents, at the diffusion model's scale. */
  public Tensor mode() {
    return scaled(mean);
  }

  /**
   * Latents drawn with standard normal {@code noise} of the mean's shape, at the diffusion model's
   * scale.
   */
  public Tensor sample(Tensor noise) {
    return logVariance == null
        ? mode()
        : scaled(mean.add(logVariance.mul(new Scalar(0.5)).exp().mul(noise)));
  }

  private Tensor scaled(Tensor drawn) {
    return (shiftFactor == 0 ? drawn : drawn.sub(new Scalar(shiftFactor)))
        .mul(new Scalar(scalingFactor));
  }
}
