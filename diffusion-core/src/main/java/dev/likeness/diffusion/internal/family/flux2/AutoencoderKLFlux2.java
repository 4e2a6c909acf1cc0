package dev.likeness.diffusion.internal.family.flux2;

import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.nn.RowTiling;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.vae.Autoencoder;
import dev.likeness.diffusion.internal.vae.Autoencoder.LatentDistribution;
import dev.likeness.diffusion.internal.vae.AutoencoderConfig;
import dev.likeness.diffusion.internal.vae.AutoencoderKL;
import dev.likeness.diffusion.internal.vae.AutoencoderKind;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * FLUX.2's autoencoder, with the names and numbers of diffusers' {@code AutoencoderKLFlux2}: its
 * latents are 2x2 patches of an {@link AutoencoderKL}'s as channels, normalised by the statistics
 * of a batch norm. Immutable and shared by threads.
 */
final class AutoencoderKLFlux2 implements Autoencoder {
  private static final int PATCH = 2;
  /** The update count of the statistics, which is not used. */
  private static final Set<String> IGNORED = Set.of("bn.num_batches_tracked");

  /** The class in models and single files. */
  static final AutoencoderKind KIND = new AutoencoderKind("AutoencoderKLFlux2", "bn", c -> {
    AutoencoderConfig config = config(c);
    double eps = c.number("batch_norm_eps", 1e-4);
    return new AutoencoderKind.Shape(
        (tensors, strips) -> new AutoencoderKLFlux2(config, eps, tensors, strips),
        config.blocks().decoderChannels().get(0),
        config.forceUpcast(),
        IGNORED);
  });

  private final AutoencoderKL autoencoder;
  private final Tensor mean;
  private final Tensor variance;
  private final double eps;

  /** @param eps the epsilon added to the variance */
  public AutoencoderKLFlux2(AutoencoderConfig config, double eps, Weights w, RowTiling strips) {
    autoencoder = new AutoencoderKL(config, w, strips);
    mean = w.tensor("bn.running_mean", latentChannels());
    variance = w.tensor("bn.running_var", latentChannels());
    this.eps = eps;
  }

  /** Reads its {@code config.json}, in which a batch norm scales the latents. */
  static AutoencoderConfig config(ModelConfig c) {
    c.requireValue("patch_size", List.of(PATCH, PATCH));
    Map<String, Object> options = new LinkedHashMap<>(Map.of(
        "block_out_channels",
        List.of(128, 256, 512, 512),
        "down_block_types",
        Collections.nCopies(4, "DownEncoderBlock2D"),
        "up_block_types",
        Collections.nCopies(4, "UpDecoderBlock2D"),
        "layers_per_block",
        2,
        "latent_channels",
        32));
    options.putAll(c.values());
    List.of("patch_size", "batch_norm_eps", "batch_norm_momentum").forEach(options::remove);
    options.put("scaling_factor", 1);
    return AutoencoderConfig.of(ModelConfig.of(options, c.source()));
  }

  @Override
  public int latentChannels() {
    return PATCH * PATCH * autoencoder.latentChannels();
  }

  @Override
  public int vaeScaleFactor() {
    return PATCH * autoencoder.vaeScaleFactor();
  }

  @Override
  public Tensor decode(Tensor latents) {
    try (TensorScope call = TensorScope.open()) {
      Tensor z = latents.mul(deviation()).add_(perChannel(mean));
      return call.promote(autoencoder.decodeUnscaled(torch.pixel_shuffle(z, PATCH)));
    }
  }

  @Override
  public LatentDistribution encode(Tensor images) {
    try (TensorScope call = TensorScope.open()) {
      LatentDistribution latents = autoencoder.encode(images);
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
