package dev.likeness.ipadapter.internal.projection;

import dev.likeness.diffusion.internal.nn.Weights;
import org.bytedeco.pytorch.Tensor;

/**
 * IP-Adapter Plus: trained queries attend to the image's tokens, or to a face embedding as one
 * token.
 */
public final class ResamplerProjection implements ImageProjection {
  private final Tensor latents;
  private final PerceiverResampler resampler;
  private final boolean readsFace;

  private ResamplerProjection(
      Weights w,
      ResamplerConfig shape,
      long tokens,
      long in,
      long contextWidth,
      boolean readsFace) {
    this.readsFace = readsFace;
    latents = w.tensor("latents", 1, tokens, shape.width());
    resampler = new PerceiverResampler(w, shape, in, contextWidth);
  }

  /** Reads a resampler of an image's tokens, each of width {@code in}. */
  public static ResamplerProjection ofImage(
      Weights w, ResamplerConfig shape, long tokens, long in, long contextWidth) {
    return new ResamplerProjection(w, shape, tokens, in, contextWidth, false);
  }

  /** Reads a resampler of face embeddings of length {@code in}, each as one token. */
  public static ResamplerProjection ofFace(
      Weights w, ResamplerConfig shape, long tokens, long in, long contextWidth) {
    return new ResamplerProjection(w, shape, tokens, in, contextWidth, true);
  }

  @Override
  public Tensor forward(ImageProjection.ProjectionInputs inputs) {
    Tensor x = readsFace ? inputs.face().unsqueeze(1) : inputs.image();
    return resampler.forward(latents.expand(x.size(0), latents.size(1), latents.size(2)), x, null);
  }
}
