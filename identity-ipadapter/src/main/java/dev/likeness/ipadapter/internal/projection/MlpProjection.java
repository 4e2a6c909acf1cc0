package dev.likeness.ipadapter.internal.projection;

import dev.likeness.diffusion.internal.nn.LayerNorm;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.Weights;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * FaceID and Portrait: two layers over a face embedding. InstantX: two layers over the image's
 * pooled vector.
 */
public final class MlpProjection implements ImageProjection {
  private final Linear in;
  private final Linear out;
  private final LayerNorm norm;
  private final long tokens;
  private final long contextWidth;
  private final boolean readsFace;

  private MlpProjection(
      Weights w, long width, long hidden, long tokens, long contextWidth, boolean readsFace) {
    this.tokens = tokens;
    this.contextWidth = contextWidth;
    this.readsFace = readsFace;
    in = new Linear(w.at("proj").at(0), width, hidden);
    out = new Linear(w.at("proj").at(2), hidden, tokens * contextWidth);
    norm = new LayerNorm(w.at("norm"), contextWidth);
  }

  /** Reads {@code proj.0}, {@code proj.2} and {@code norm} of a projection of face embeddings. */
  public static MlpProjection ofFace(
      Weights w, long width, long hidden, long tokens, long contextWidth) {
    return new MlpProjection(w, width, hidden, tokens, contextWidth, true);
  }

  /** Reads {@code proj.0}, {@code proj.2} and {@code norm} of a projection of pooled vectors. */
  public static MlpProjection ofImage(
      Weights w, long width, long hidden, long tokens, long contextWidth) {
    return new MlpProjection(w, width, hidden, tokens, contextWidth, false);
  }

  @Override
  public Tensor forward(ImageProjection.ProjectionInputs inputs) {
    Tensor x = readsFace ? inputs.face() : inputs.image().select(1, 0);
    Tensor flat = out.forward(torch.gelu(in.forward(x)));
    return norm.forward(flat.view(-1, tokens, contextWidth));
  }
}
