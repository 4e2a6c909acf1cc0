package dev.likeness.photos.internal.embed;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.ModelFile;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.model.ModelExtras;
import dev.likeness.diffusion.internal.model.ModelExtras.Extra;
import dev.likeness.diffusion.internal.nn.Conv2d;
import dev.likeness.diffusion.internal.nn.GroupNorm;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The face embedder in the folder {@code face_embedder} of a base model. A base model that
 * generates people in its own style needs an embedder that was trained on that style. Faces are
 * aligned with ArcFace's template.
 */
public final class TorchEmbedder implements DifferentiableEmbedder {
  private static final String KIND = "LikenessFaceNetwork";

  private final String name;
  private final double samePersonThreshold;
  private final List<Integer> channels;
  private final int embeddingSize;
  private final boolean trainedOnPhotographs;
  private final LoadedWeights weights;

  private TorchEmbedder(ModelConfig config, boolean photographs, Safetensors file) {
    this.trainedOnPhotographs = config.flag("photographs", photographs);
    this.name = config.text("name", "face network");
    this.samePersonThreshold = config.number("same_above", 0.5);
    this.channels = config.integers("block_out_channels");
    this.embeddingSize = config.integer("embedding_size", 128);
    this.weights = LoadedWeights.checked(
        file, new Compute("cpu", DType.F32), w -> new FaceNetwork(channels, embeddingSize, w));
  }

  /**
   * Opens the embedder in the model folder {@code base}; empty if it has none. It was trained on
   * what the base was trained on, as the folder declares, unless its own config says otherwise.
   */
  public static Optional<TorchEmbedder> findIn(Path base) {
    return Extra.FACE_EMBEDDER
        .in(base)
        .map(folder -> open(folder, ModelExtras.in(base).photographs()));
  }

  /**
   * Opens a folder with {@code config.json} and {@code model.safetensors}.
   *
   * @throws InvalidInputException if it is another kind of network, its weights do not match its
   *     config, or they are damaged
   */
  public static TorchEmbedder open(Path folder) {
    return open(folder, true);
  }

  private static TorchEmbedder open(Path folder, boolean photographs) {
    ModelConfig config = ModelConfig.read(folder.resolve("config.json"));
    config.requireClass(KIND, "give a folder that the portrait training wrote");
    Path file = ModelFile.own(folder.resolve("model.safetensors"));
    return DifferentiableEmbedder.checked(
        new TorchEmbedder(config, photographs, Safetensors.open(file)),
        "the face embedder " + folder);
  }

  @Override
  public Tensor features(Tensor faces) {
    return network().features(faces);
  }

  private FaceNetwork network() {
    return new FaceNetwork(channels, embeddingSize, Weights.of(weights));
  }

  @Override
  public int embeddingSize() {
    return embeddingSize;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public boolean isTrainedOnPhotographs() {
    return trainedOnPhotographs;
  }

  @Override
  public double samePersonThreshold() {
    return samePersonThreshold;
  }

  @Override
  public void close() {
    weights.close();
  }

  /**
   * A small network that maps aligned faces to vectors. Each level has a convolution that halves
   * the image, then a residual pair of convolutions. The last layer has separate weights for each
   * position, because faces are aligned. Only residual branches are normalised, which preserves the
   * colours of skin and eyes.
   */
  public static final class FaceNetwork {
    /** Both sides of an aligned face in pixels. */
    public static final int SIDE = 112;

    private static final double NORM_EPS = 1e-5;

    private static final int GROUPS = 8;
    private static final int PROJECTION_CHANNELS = 32;

    private record Level(
        Conv2d reduce, GroupNorm norm1, Conv2d conv1, GroupNorm norm2, Conv2d conv2) {
      Level(Weights w, int in, int out) {
        this(
            new Conv2d(w.at("reduce"), in, out, 3, 2, 1),
            new GroupNorm(w.at("norm1"), GROUPS, out, NORM_EPS),
            new Conv2d(w.at("conv1"), out, out, 3),
            new GroupNorm(w.at("norm2"), GROUPS, out, NORM_EPS),
            new Conv2d(w.at("conv2"), out, out, 3));
      }

      Tensor forward(Tensor x) {
        Tensor reduced = reduce.forward(x);
        Tensor inner = conv1.forward(torch.silu(norm1.forward(reduced)));
        return torch.silu(reduced.add(conv2.forward(torch.silu(norm2.forward(inner)))));
      }
    }

    private final Conv2d convIn;
    private final List<Level> levels = new ArrayList<>();
    private final Conv2d convOut;
    private final Linear proj;

    /**
     * Reads the network.
     *
     * @param channels channels of each level; the first level has no residual pair
     * @param size number of elements of a vector
     */
    public FaceNetwork(List<Integer> channels, int size, Weights w) {
      convIn = new Conv2d(w.at("conv_in"), 3, channels.get(0), 3, 2, 1);
      for (int i = 1; i < channels.size(); i++) {
        levels.add(new Level(w.at("levels").at(i - 1), channels.get(i - 1), channels.get(i)));
      }
      int side = SIDE >> channels.size();
      convOut =
          new Conv2d(w.at("conv_out"), channels.get(channels.size() - 1), PROJECTION_CHANNELS, 1);
      proj = new Linear(w.at("proj"), (long) PROJECTION_CHANNELS * side * side, size);
    }

    /** Returns unit-length vectors [n, size], f32, of faces [n, 3, 112, 112] in -1..1. */
    public Tensor forward(Tensor faces) {
      return DifferentiableEmbedder.normalized(features(faces));
    }

    /** Returns vectors as {@link #forward} does, but before normalisation. */
    public Tensor features(Tensor faces) {
      Tensor x = torch.silu(convIn.forward(faces));
      for (Level level : levels) {
        x = level.forward(x);
      }
      return proj.forward(convOut.forward(x).flatten(1, -1)).to(torch.ScalarType.Float);
    }
  }
}
