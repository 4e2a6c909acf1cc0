package dev.likeness.diffusion.internal.family.flux2;

import dev.likeness.diffusion.internal.nn.RowTiling;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.vae.Autoencoder;
import dev.likeness.diffusion.internal.vae.AutoencoderConfig;
import dev.likeness.diffusion.internal.vae.AutoencoderKL;
import dev.likeness.diffusion.internal.vae.LatentDistribution;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * FLUX.2's autoencoder, with the names and numbers of diffusers' {@code AutoencoderKLFlux2}: its
 * latents are squares of two by two of an
 * {@link dev.likeness.diffusion.internal.vae.AutoencoderKL}'s, side by side as channels, brought to
 * mean 0 and deviation 1 by the statistics of a batch norm. Immutable and shared by threads.
 */
public final class AutoencoderKLFlux2 implements Autoencoder {
  private static final int PATCH = 2;

  private final AutoencoderKL own;
  private final Tensor mean;
  private final Tensor variance;
  private final double eps;

  /** @param eps what is added to the variance */
  public AutoencoderKLFlux2(AutoencoderConfig config, double eps, Weights w, RowTiling strips) {
    own = new AutoencoderKL(config, w, strips);
    mean = w.tensor("bn.running_mean", latentChannels());
    variance = w.tensor("bn.running_var", latentChannels());
    this.eps = eps;
  }

  @Override
  public int latentChannels() {
    return PATCH * PATCH * own.latentChannels();
  }

  @Override
  public int factor() {
    return PATCH * own.factor();
  }

  @Override
  public Tensor decode(Tensor latents) {
    try (TensorScope call = TensorScope.open()) {
      Tensor z = latents.mul(deviation()).add_(perChannel(mean));
      return call.promote(own.decodeUnscaled(torch.pixel_shuffle(z, PATCH)));
    }
  }

  @Override
  public LatentDistribution encode(Tensor pictures) {
    try (TensorScope call = TensorScope.open()) {
      LatentDistribution latents = own.encode(pictures);
      Tensor centred =
          torch.pixel_unshuffle(latents.mean(), PATCH).sub(perChannel(mean)).div(deviation());
      Tensor narrowed = torch
          .pixel_unshuffle(latents.logVariance(), PATCH)
          .sub(deviation().log().mul(new Scalar(2.0)));
      return new LatentDistribution(call.promote(centred), call.promote(narrowed), 1, 0);
    }
  }

  private Tensor deviation() {
    return perChannel(variance.add(new Scalar(eps)).sqrt());
  }

  private static Tensor perChannel(Tensor values) {
    return values.view(1, -1, 1, 1);
  }
}
