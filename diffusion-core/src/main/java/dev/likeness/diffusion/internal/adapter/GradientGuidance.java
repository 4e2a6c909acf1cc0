package dev.likeness.diffusion.internal.adapter;

import org.bytedeco.pytorch.Tensor;

/**
 * Moves one image along the gradient of an objective while it is sampled, independent of the
 * prompt. At every step the objective rates the denoised prediction, and the sample moves towards a
 * better one (diffusion posterior sampling, Chung et al. 2023, arXiv:2209.14687, algorithm 1;
 * universal guidance, Bansal et al. 2023, arXiv:2302.07121). One instance serves one image, on one
 * thread.
 */
public interface GradientGuidance {
  /**
   * Rates an image, higher for better. The result is differentiable in {@code denoised}.
   *
   * @param denoised the denoised prediction after guidance: latents [1, channels, h, w], f32, on
   *     the model's device
   * @return a scalar; null leaves this step unchanged
   */
  Tensor objective(Tensor denoised);

  /**
   * The length of this step's move of the denoised prediction, in latents of unit variance, over
   * the whole image.
   *
   * @param noise sigma over alpha of the sample at this step; may be infinite
   */
  double stepLength(double noise);
}
