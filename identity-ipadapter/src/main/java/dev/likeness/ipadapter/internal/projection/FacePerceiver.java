package dev.likeness.ipadapter.internal.projection;

import dev.likeness.diffusion.internal.file.ShapeReader;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.nn.LayerNorm;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.Weights;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The part that PhotoMaker v2 adds: tokens of a face embedding attend to the image tokens of the
 * photo. Same results as {@code QFormerPerceiver}. Immutable and thread-safe.
 */
public final class FacePerceiver {
  private static final int HEAD_WIDTH = 128;

  private final Shape shape;
  private final Linear in;
  private final Linear out;
  private final LayerNorm norm;
  private final PerceiverResampler resampler;

  public FacePerceiver(Shape shape, Weights w) {
    this.shape = shape;
    long width = shape.resampler().width();
    in = new Linear(w.at("token_proj.0"), shape.faceWidth(), shape.hiddenWidth());
    out = new Linear(w.at("token_proj.2"), shape.hiddenWidth(), width * shape.tokens());
    norm = new LayerNorm(w.at("token_norm"), width);
    resampler = new PerceiverResampler(
        w.at("perceiver_resampler"), shape.resampler(), shape.imageWidth(), width);
  }

  /**
   * Computes tokens [n, tokens, width] of n photos.
   *
   * @param faces face embeddings [n, faceWidth]
   * @param image last hidden states of the vision tower with the class token, [n, m, imageWidth]
   */
  public Tensor forward(Tensor faces, Tensor image) {
    Tensor flat = out.forward(torch.gelu(in.forward(faces)));
    Tensor tokens =
        norm.forward(flat.reshape(-1, shape.tokens(), shape.resampler().width()));
    return tokens.add(resampler.forward(tokens, image, null));
  }

  /**
   * The sizes of the part.
   *
   * @param resampler width and number of layers
   * @param tokens tokens of one photo
   * @param faceWidth length of the face embedding
   * @param hiddenWidth inner width of the layers over the face embedding
   * @param imageWidth width of an image token
   */
  public record Shape(
      ResamplerConfig resampler, int tokens, int faceWidth, int hiddenWidth, int imageWidth) {
    /**
     * Reads the sizes from a file.
     *
     * @param prefix prefix of the names, such as {@code id_encoder.qformer_perceiver.}
     * @throws dev.likeness.diffusion.error.InvalidInputException if a tensor is missing
     */
    public static Shape of(TensorNames keys, String prefix) {
      ShapeReader shapes = new ShapeReader(keys, prefix, "face perceiver of PhotoMaker v2");
      int width = shapes.size("token_norm.weight", 0);
      return new Shape(
          new ResamplerConfig(
              width,
              shapes.size("perceiver_resampler.layers.0.0.to_q.weight", 0),
              shapes.count("perceiver_resampler.layers."),
              HEAD_WIDTH),
          shapes.size("token_proj.2.weight", 0) / Math.max(1, width),
          shapes.size("token_proj.0.weight", 1),
          shapes.size("token_proj.0.weight", 0),
          shapes.size("perceiver_resampler.proj_in.weight", 1));
    }
  }
}
