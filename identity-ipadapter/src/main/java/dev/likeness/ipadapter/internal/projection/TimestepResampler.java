package dev.likeness.ipadapter.internal.projection;

import dev.likeness.diffusion.internal.nn.Activation;
import dev.likeness.diffusion.internal.nn.SinusoidalEmbedding;
import dev.likeness.diffusion.internal.nn.TimestepEmbedding;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.ipadapter.internal.file.AdapterLayout;
import org.bytedeco.pytorch.Tensor;

/**
 * Learnt queries look at a picture's tokens and are told the time: InstantX's adapter for Stable
 * Diffusion 3.5, with the numbers of diffusers' {@code IPAdapterTimeImageProjection}.
 */
public final class TimestepResampler implements ImageProjection {
  private final SinusoidalEmbedding sinusoids;
  private final TimestepEmbedding embedding;
  private final Tensor latents;
  private final PerceiverResampler layers;

  TimestepResampler(AdapterLayout layout, Weights w) {
    sinusoids = new SinusoidalEmbedding((int) layout.hidden(), true, 0);
    int width = (int) layout.resampler().width();
    embedding =
        new TimestepEmbedding(w.at("time_embedding"), sinusoids.width(), width, Activation.SILU);
    latents = w.tensor("latents", 1, layout.tokens(), width);
    layers =
        PerceiverResampler.timed(w, layout.resampler(), layout.imageWidth(), layout.contextWidth());
  }

  /** What a timestep [1], 0..1000, is told as, [1, width]. */
  public Tensor told(Tensor time) {
    return embedding.forward(sinusoids.of(time).to(latents.scalar_type()));
  }

  @Override
  public Tensor forward(ImageProjection.Sights sights) {
    Tensor x = sights.image();
    return layers.forward(
        latents.expand(x.size(0), latents.size(1), latents.size(2)), x, sights.time());
  }
}
