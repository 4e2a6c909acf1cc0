package dev.likeness.ipadapter.internal.projection;

import dev.likeness.diffusion.internal.file.ShapeReader;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.nn.LayerNorm;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * PuLID's encoder (Guo et al. 2024, arXiv:2404.16022): trained queries and tokens of the face
 * attend to five hidden states of a vision tower, two layers to each. Same results as
 * {@code IDFormer}. Immutable and thread-safe.
 */
public final class IdFormer {
  /** The hidden states of the vision tower that it takes. */
  public static final int HIDDEN_STATES = 5;

  private final Shape shape;
  private final Tensor latents;
  private final Tensor projOut;
  private final List<PerceiverResampler.PerceiverLayer> layers;
  private final List<Mapping> mappings;
  private final Mapping faceMapping;

  public IdFormer(Shape shape, Weights w) {
    this.shape = shape;
    long width = shape.layers().width();
    latents = w.tensor("latents", 1, shape.queries(), width);
    // A parameter of its own, transposed to the weight of a linear layer.
    projOut = w.tensor("proj_out", width, shape.contextWidth());
    layers = IntStream.range(0, shape.layers().depth())
        .mapToObj(
            i -> new PerceiverResampler.PerceiverLayer(w.at("layers").at(i), shape.layers(), false))
        .toList();
    mappings = IntStream.range(0, HIDDEN_STATES)
        .mapToObj(i ->
            new Mapping(w.at("mapping_" + i), shape.featureWidth(), shape.featureWidth(), width))
        .toList();
    faceMapping = new Mapping(
        w.at("id_embedding_mapping"),
        shape.faceWidth(),
        shape.featureWidth(),
        width * shape.faceTokens());
  }

  /**
   * Computes tokens [n, queries, contextWidth].
   *
   * @param face the face embedding followed by the pooled output of the vision tower divided by its
   *     length, [n, faceWidth], or [n, photos, faceWidth]
   * @param hidden five hidden states, each [n, m, featureWidth]; those of several photos one after
   *     the other
   */
  public Tensor forward(Tensor face, List<Tensor> hidden) {
    if (hidden.size() != HIDDEN_STATES) {
      throw new IllegalArgumentException(
          "PuLID's encoder needs " + HIDDEN_STATES + " hidden states, got " + hidden.size());
    }
    try (TensorScope call = TensorScope.open()) {
      long width = shape.layers().width();
      long photos = face.dim() == 3 ? face.size(1) : 1;
      Tensor id = faceMapping.forward(face).reshape(-1, shape.faceTokens() * photos, width);
      Tensor x =
          torch.cat(new TensorVector(latents.expand(face.size(0), shape.queries(), width), id), 1);
      int each = layers.size() / HIDDEN_STATES;
      for (int i = 0; i < HIDDEN_STATES; i++) {
        Tensor seen = torch.cat(new TensorVector(id, mappings.get(i).forward(hidden.get(i))), 1);
        for (int layer = i * each; layer < (i + 1) * each; layer++) {
          x = layers.get(layer).forward(x, seen, null);
        }
      }
      return call.promote(x.narrow(1, 0, shape.queries()).matmul(projOut));
    }
  }

  /** Three linear layers, with a norm and a leaky ReLU behind the first two. */
  private static final class Mapping {
    private final Linear first;
    private final LayerNorm firstNorm;
    private final Linear second;
    private final LayerNorm secondNorm;
    private final Linear third;

    Mapping(Weights w, long in, long inner, long out) {
      first = new Linear(w.at(0), in, inner);
      firstNorm = new LayerNorm(w.at(1), inner);
      second = new Linear(w.at(3), inner, inner);
      secondNorm = new LayerNorm(w.at(4), inner);
      third = new Linear(w.at(6), inner, out);
    }

    Tensor forward(Tensor x) {
      Tensor h = torch.leaky_relu(firstNorm.forward(first.forward(x)));
      return third.forward(torch.leaky_relu(secondNorm.forward(second.forward(h))));
    }
  }

  /**
   * The sizes of an encoder.
   *
   * @param layers width, query width and number of layers
   * @param queries trained queries, and tokens of its output
   * @param faceTokens tokens of the face, for each photo
   * @param faceWidth length of the face embedding with the pooled output of the vision tower
   * @param featureWidth width of a hidden state
   * @param contextWidth width of a token of its output
   */
  public record Shape(
      ResamplerConfig layers,
      int queries,
      int faceTokens,
      int faceWidth,
      int featureWidth,
      int contextWidth) {
    public Shape {
      if (layers.depth() < 1 || layers.depth() % HIDDEN_STATES != 0 || faceTokens < 1) {
        throw new IllegalArgumentException("PuLID's encoder needs a number of layers that is a"
            + " multiple of " + HIDDEN_STATES + ", and at least 1 token of the face, got "
            + layers.depth() + " layers and " + faceTokens + " tokens");
      }
    }

    /**
     * Reads the sizes from a file.
     *
     * @param prefix prefix of the names, such as {@code pulid_encoder.}
     * @throws dev.likeness.diffusion.error.InvalidInputException if a tensor is missing
     * @throws IllegalArgumentException if the sizes do not fit
     */
    public static Shape of(TensorNames keys, String prefix) {
      ShapeReader shapes = new ShapeReader(keys, prefix, "encoder of PuLID");
      int width = shapes.size("latents", 2);
      return new Shape(
          new ResamplerConfig(
              width, shapes.size("layers.0.0.to_q.weight", 0), shapes.count("layers.")),
          shapes.size("latents", 1),
          shapes.size("id_embedding_mapping.6.weight", 0) / Math.max(1, width),
          shapes.size("id_embedding_mapping.0.weight", 1),
          shapes.size("mapping_0.0.weight", 1),
          shapes.size("proj_out", 1));
    }
  }
}
