package dev.likeness.diffusion.vae;

import dev.likeness.diffusion.nn.Conv2d;
import dev.likeness.diffusion.tensor.TensorScope;
import dev.likeness.diffusion.weights.Weights;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;

/**
 * The variational autoencoder of latent diffusion (Rombach et al. 2022, arXiv:2112.10752), with the names and numbers of
 * diffusers' {@code AutoencoderKL}. Immutable and shared by threads.
 */
public final class AutoencoderKL implements Autoencoder {
  private final AutoencoderConfig config;
  private final Encoder encoder;
  private final Decoder decoder;
  private final Conv2d quant;
  private final Conv2d postQuant;

  public AutoencoderKL(AutoencoderConfig config, Weights w) {
    this.config = config;
    int latent = config.latentChannels();
    encoder = new Encoder(w.at("encoder"), config);
    decoder = new Decoder(w.at("decoder"), config);
    quant = config.quantConv() ? new Conv2d(w.at("quant_conv"), 2L * latent, 2L * latent, 1) : null;
    postQuant = config.postQuantConv() ? new Conv2d(w.at("post_quant_conv"), latent, latent, 1) : null;
  }

  public AutoencoderConfig config() {
    return config;
  }

  @Override
  public int latentChannels() {
    return config.latentChannels();
  }

  @Override
  public int factor() {
    return config.factor();
  }

  /** The picture of {@code z}, latents at the autoencoder's own scale. */
  public Tensor decodeUnscaled(Tensor z) {
    try (TensorScope call = TensorScope.open()) {
      return call.promote(decoder.forward(postQuant == null ? z : postQuant.forward(z)));
    }
  }

  @Override
  public Tensor decode(Tensor latents) {
    try (TensorScope call = TensorScope.open()) {
      Tensor z = latents.div(new Scalar(config.scale()));
      return call.promote(decodeUnscaled(config.shift() == 0 ? z : z.add(new Scalar(config.shift()))));
    }
  }

  @Override
  public LatentDistribution encode(Tensor pictures) {
    try (TensorScope call = TensorScope.open()) {
      Tensor moments = encoder.forward(pictures);
      Tensor both = quant == null ? moments : quant.forward(moments);
      int latent = config.latentChannels();
      Tensor logVariance = both.narrow(1, latent, latent).clamp(new ScalarOptional(new Scalar(-30.0)), new ScalarOptional(new Scalar(20.0)));
      Tensor mean = both.narrow(1, 0, latent);
      return new LatentDistribution(call.promote(mean), call.promote(logVariance), config.scale(), config.shift());
    }
  }
}
