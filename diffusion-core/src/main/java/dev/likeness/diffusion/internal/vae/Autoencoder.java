package dev.likeness.diffusion.internal.vae;

import org.bytedeco.pytorch.Tensor;

/**
 * Pictures to latents and back. Pictures are [batch, 3, h, w] in -1..1; latents are [batch,
 * channels, h/factor, w/factor] at the diffusion model's scale. What is returned belongs to the
 * calling scope.
 */
public interface Autoencoder {
  /** Latents' channels. */
  int latentChannels();

  /** How many pixels a latent's side covers. */
  int factor();

  /** The picture of latents, not clamped. */
  Tensor decode(Tensor latents);

  /** The distribution of a picture's latents. */
  LatentDistribution encode(Tensor pictures);

  /**
   * About how many bytes decoding a picture takes, the weights' own with them; 0 where that is not
   * known.
   */
  default long decodingMemory(int width, int height) {
    return 0;
  }

  /**
   * The same autoencoder computing its large layers a few rows at a time: equal to rounding, with
   * less memory.
   */
  default Autoencoder tiled() {
    return this;
  }

  /** The same autoencoder in f32; itself where it computes in that. */
  default Autoencoder exact() {
    return this;
  }

  /** The same autoencoder working on one picture after the other: equal, with the memory of one. */
  default Autoencoder sliced() {
    return new SlicedAutoencoder(this);
  }
}
