package dev.likeness.diffusion.internal.family.stablediffusion;

import dev.likeness.diffusion.internal.nn.Activation;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.TimestepEmbedding;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.nn.unet.UNetConfig;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * The embedding for every residual block of a UNet: the time, for SDXL pooled text and sizes, and
 * the guidance of some models.
 */
final class UNetEmbedding {
  private final UNetConfig config;
  private final TimestepEmbedding time;
  private final TimestepEmbedding added;
  private final Linear guidance;

  /** Reads {@code time_embedding} and, for SDXL, {@code add_embedding}. */
  UNetEmbedding(Weights w, UNetConfig config) {
    this.config = config;
    time = new TimestepEmbedding(
        w.at("time_embedding"),
        config.embedding().sinusoids().width(),
        config.embedding().width(),
        config.activation());
    added = config.embedding().timeIds() == null
        ? null
        : new TimestepEmbedding(
            w.at("add_embedding"),
            config.embedding().timeIds().inputWidth(),
            config.embedding().width(),
            Activation.SILU);
    guidance = config.embedding().guidanceWidth() == 0
        ? null
        : Linear.withoutBias(
            w.at("time_embedding").at("cond_proj"),
            config.embedding().guidanceWidth(),
            config.embedding().sinusoids().width());
  }

  /**
   * The activated embedding [batch or 1, timeWidth], in the sample's type. {@code more}, [1,
   * timeWidth] or null, is added.
   */
  Tensor forward(Tensor sample, Tensor timesteps, UNetConditioning conditioning, Tensor more) {
    Tensor embedded = sum(sample, timesteps, conditioning);
    return config.activation().apply(more == null ? embedded : embedded.add(more));
  }

  private Tensor sum(Tensor sample, Tensor timesteps, UNetConditioning conditioning) {
    Tensor features = config.embedding().sinusoids().embed(timesteps).to(sample.scalar_type());
    Tensor scale = conditioning.guidance();
    boolean guided = guidance != null && scale != null;
    Tensor embedded = time.forward(
        guided ? features.add(guidance.forward(scale.to(sample.scalar_type()))) : features);
    if (added == null) {
      return embedded;
    }
    Tensor ids = conditioning.timeIds();
    if (ids == null || conditioning.pooled() == null) {
      throw new IllegalArgumentException(
          "this UNet needs pooled prompt embeddings and size ids, as the UNet of SDXL does;"
              + " the request has no " + (ids == null ? "size ids" : "pooled prompt embeddings"));
    }
    Tensor sizes =
        config.embedding().timeIds().sinusoids().embed(ids.flatten()).reshape(ids.size(0), -1);
    Tensor pooled = conditioning.pooled();
    return embedded.add(
        added.forward(torch.cat(new TensorVector(pooled, sizes.to(pooled.scalar_type())), 1)));
  }
}
