package dev.likeness.diffusion.internal.adapter;

import java.util.Optional;
import org.bytedeco.pytorch.Tensor;

/**
 * Gradient guidance of one image: moves it along the gradient of an objective during sampling,
 * independent of the prompt. At every step the objective scores the denoised prediction, and the
 * sample moves towards a higher score. Sources: diffusion posterior sampling, Chung et al. 2023,
 * arXiv:2209.14687, algorithm 1; universal guidance, Bansal et al. 2023, arXiv:2302.07121. One
 * instance serves one image, on one thread.
 */
public interface GradientGuidance {
  /** How the gradient passes the denoising network. */
  enum NetworkGradient {
    /** Through the network, whose activations are kept for the backward pass. */
    KEPT,
    /** Through the network, whose blocks are computed again in the backward pass. */
    RECOMPUTED,
    /**
     * Not through the network: its output counts as a constant. For flow models that is the
     * gradient through {@code x0 = x - sigma v} alone.
     */
    LEFT_OUT
  }

  /** Returns how the gradient passes the network; empty, the default, lets memory decide. */
  default Optional<NetworkGradient> networkGradient() {
    return Optional.empty();
  }

  /** Returns true if a row of the plan, from 0, is guided; by default, every row is. */
  default boolean isActive(int row) {
    return true;
  }

  /**
   * Returns the score of an image; higher is better. The result is differentiable in
   * {@code denoised}.
   *
   * @param denoised the denoised prediction after guidance: latents [1, channels, h, w], f32, on
   *     the model's device
   * @return a scalar; null leaves this step unchanged
   */
  Tensor objective(Tensor denoised);

  /**
   * Returns the length of this step's move of the denoised prediction: the norm over the whole
   * image, in latents of unit variance.
   *
   * @param noise sigma over alpha of the sample at this step; may be infinite
   */
  double stepLength(double noise);
}
