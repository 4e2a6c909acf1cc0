package dev.likeness.diffusion.internal.adapter;

import org.bytedeco.pytorch.Tensor;

/**
 * Leads one image on its way to something that can be seen in it, whatever its network was told: at
 * every row of a run it says how well what the network foretells agrees with what is wanted, and
 * the sample is moved to where the network foretells what agrees better (diffusion posterior
 * sampling, Chung et al. 2023, arXiv:2209.14687, algorithm 1; universal guidance, Bansal et al.
 * 2023, arXiv:2302.07121). One for one image, on one thread.
 */
public interface GradientGuidance {
  /**
   * How well an image agrees, more for better; its gradient goes back to {@code denoised}.
   *
   * @param denoised the finished image as the network foretells it, guided: latents [1, channels,
   *     h, w], f32, on the model's device
   * @return a single number, or null where nothing can be said of it, which leaves the row as it is
   */
  Tensor objective(Tensor denoised);

  /**
   * How far this row moves what is foretold: the length of the step in latents of unit spread, over
   * the whole image.
   *
   * @param noise in the row's sample, over the image's own share in it; may be infinite
   */
  double stepLength(double noise);
}
