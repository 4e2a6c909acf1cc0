package dev.likeness.ipadapter.internal.projection;

import dev.likeness.diffusion.internal.file.ShapeReader;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.nn.Weights;
import org.bytedeco.pytorch.Tensor;

/**
 * A resampler whose input is a face embedding as one token: InstantID (16 queries, 512 to 2048) and
 * InfiniteYou (8 queries, 512 to 4096). Same results as {@code Resampler} of both. Immutable and
 * thread-safe.
 */
public final class FaceResampler {
  private final Tensor latents;
  private final PerceiverResampler resampler;

  public FaceResampler(Shape shape, Weights w) {
    latents = w.tensor("latents", 1, shape.tokens(), shape.resampler().width());
    resampler =
        new PerceiverResampler(w, shape.resampler(), shape.faceWidth(), shape.contextWidth());
  }

  /**
   * Maps face embeddings [n, faceWidth] to tokens [n, tokens, contextWidth]. Zeros are the
   * unconditional input of InstantID.
   */
  public Tensor forward(Tensor faces) {
    return resampler.forward(
        latents.expand(faces.size(0), latents.size(1), latents.size(2)), faces.unsqueeze(1), null);
  }

  /**
   * The sizes of a resampler.
   *
   * @param tokens tokens of one face
   * @param faceWidth length of the face embedding
   * @param contextWidth width of a token
   */
  public record Shape(ResamplerConfig resampler, int tokens, int faceWidth, int contextWidth) {
    /**
     * Reads the sizes from a file.
     *
     * @param prefix prefix of the names, such as {@code image_proj.}
     * @throws dev.likeness.diffusion.error.InvalidInputException if a tensor is missing
     */
    public static Shape of(TensorNames keys, String prefix) {
      ShapeReader shapes = new ShapeReader(keys, prefix, "resampler");
      return new Shape(
          new ResamplerConfig(
              shapes.size("latents", 2),
              shapes.size("layers.0.0.to_q.weight", 0),
              shapes.count("layers.")),
          shapes.size("latents", 1),
          shapes.size("proj_in.weight", 1),
          shapes.size("proj_out.weight", 0));
    }
  }
}
