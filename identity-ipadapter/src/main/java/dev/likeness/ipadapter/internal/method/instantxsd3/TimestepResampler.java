package dev.likeness.ipadapter.internal.method.instantxsd3;

import dev.likeness.diffusion.internal.nn.Activation;
import dev.likeness.diffusion.internal.nn.SinusoidalEmbedding;
import dev.likeness.diffusion.internal.nn.TimestepEmbedding;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.ipadapter.internal.method.AdapterLayout;
import dev.likeness.ipadapter.internal.projection.ImageProjection;
import dev.likeness.ipadapter.internal.projection.PerceiverResampler;
import org.bytedeco.pytorch.Tensor;

/**
 * InstantX's projection for Stable Diffusion 3.5: trained queries attend to the image's tokens,
 * modulated by a timestep embedding. Same results as diffusers'
 * {@code IPAdapterTimeImageProjection}.
 */
final class TimestepResampler implements ImageProjection {
  private final SinusoidalEmbedding timeProj;
  private final TimestepEmbedding timestepEmbedding;
  private final Tensor latents;
  private final PerceiverResampler resampler;

  TimestepResampler(AdapterLayout layout, Weights w) {
    timeProj = new SinusoidalEmbedding((int) layout.hiddenWidth(), true, 0);
    int width = (int) layout.resampler().width();
    timestepEmbedding =
        new TimestepEmbedding(w.at("time_embedding"), timeProj.width(), width, Activation.SILU);
    latents = w.tensor("latents", 1, layout.tokens(), width);
    resampler = PerceiverResampler.withTimestep(
        w, layout.resampler(), layout.imageWidth(), layout.contextWidth());
  }

  /** Computes the embedding [1, width] of a timestep [1] in 0..1000. */
  public Tensor timeEmbedding(Tensor time) {
    return timestepEmbedding.forward(timeProj.embed(time).to(latents.scalar_type()));
  }

  @Override
  public Tensor forward(ImageProjection.ProjectionInputs inputs) {
    Tensor x = inputs.image();
    return resampler.forward(
        latents.expand(x.size(0), latents.size(1), latents.size(2)), x, inputs.time());
  }
}
