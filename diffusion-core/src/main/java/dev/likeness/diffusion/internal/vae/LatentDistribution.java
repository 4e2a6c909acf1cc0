package dev.likeness.diffusion.internal.vae;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * The encoder's distribution of an image's latents: a diagonal Gaussian. Samples are at the
 * diffusion model's scale.
 *
 * @param mean [batch, channels, h, w], at the encoder's own scale
 * @param logVariance same shape, or null for a deterministic encoder
 * @param scalingFactor the diffusion model's factor: latents = (sample - shift) * scale
 */
public record LatentDistribution(
    Tensor mean, Tensor logVariance, double scalingFactor, double shiftFactor) {
  /** The mode of the distribution, at the diffusion model's scale. */
  public Tensor mode() {
    return scaled(mean);
  }

  /**
   * A sample with standard normal {@code noise} of the mean's shape, at the diffusion model's
   * scale.
   */
  public Tensor sample(Tensor noise) {
    return logVariance == null
        ? mode()
        : scaled(mean.add(logVariance.mul(new Scalar(0.5)).exp().mul(noise)));
  }

  private Tensor scaled(Tensor sample) {
    return (shiftFactor == 0 ? sample : sample.sub(new Scalar(shiftFactor)))
        .mul(new Scalar(scalingFactor));
  }
}
