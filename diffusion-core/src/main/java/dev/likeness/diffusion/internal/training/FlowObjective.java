package dev.likeness.diffusion.internal.training;

import dev.likeness.diffusion.internal.tensor.Tensors;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The training objective of a rectified flow (Esser et al. 2024, arXiv:2403.03206, equation 13):
 * the velocity from latents to noise at the noise level sigma. Sigmas are sampled logit-normally
 * (section 3.1), then shifted for large images (equation 23).
 *
 * @param location mean of the normal distribution of sigma's logit; below 0 for less noise
 * @param spread standard deviation of that distribution, above 0
 * @param shift the shift of equation 23, above 0; 1 for none, 3 for Stable Diffusion 3
 */
public record FlowObjective(double location, double spread, double shift) {
  public FlowObjective {
    if (!(spread > 0 && shift > 0) || !Double.isFinite(location)) {
      throw new IllegalArgumentException(
          "a flow objective needs a spread and a shift above 0 and a finite"
              + " location, got spread " + spread + ", shift " + shift + " and location "
              + location);
    }
  }

  /** Maps a standard normal {@code sample} to a sigma between 0 and 1. */
  public double sigma(double sample) {
    double share = 1 / (1 + Math.exp(-(location + spread * sample)));
    return shift * share / (1 + (shift - 1) * share);
  }

  /** Returns latents noised to each image's sigma. */
  public Tensor addNoise(Tensor latents, Tensor noise, double... sigmas) {
    return latents.add(
        noise.sub(latents).mul(Tensors.toDeviceOf(latents, Tensors.perImage(sigmas))));
  }

  /** Returns the velocity that the network must predict. */
  public Tensor target(Tensor latents, Tensor noise) {
    return noise.sub(latents);
  }

  /** Returns the mean over images of their mean squared errors; an f32 scalar. */
  public Tensor loss(Tensor answer, Tensor target) {
    return loss(answer, target, null);
  }

  /**
   * Returns the same loss with a weight at each place.
   *
   * @param focus weights of mean 1, [batch, 1, h, w]; null for equal weights
   */
  public Tensor loss(Tensor answer, Tensor target, Tensor focus) {
    Tensor squares = answer.to(torch.ScalarType.Float).sub(target).square();
    return (focus == null ? squares : squares.mul(focus)).mean();
  }
}
