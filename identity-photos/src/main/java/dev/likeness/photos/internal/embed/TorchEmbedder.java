package dev.likeness.photos.internal.embed;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.model.ModelExtras.Extra;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DType;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.face.AlignmentTemplate;
import dev.likeness.photos.face.Face;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/**
 * An embedder that a model folder brings along, in {@code face_embedder}: a base model that draws
 * people of a look of its own needs one that knows that look. Faces are aligned as for ArcFace.
 */
public final class TorchEmbedder implements FaceEmbedder {
  private static final String KIND = "LikenessFaceNetwork";

  private final String name;
  private final double sameAbove;
  private final List<Integer> channels;
  private final int size;
  private final LoadedWeights weights;

  private TorchEmbedder(ModelConfig config, Safetensors file) {
    this.name = config.text("name", "face network");
    this.sameAbove = config.number("same_above", 0.5);
    this.channels = config.integers("block_out_channels");
    this.size = config.integer("embedding_size", 128);
    this.weights = LoadedWeights.checked(
        file, new Compute("cpu", DType.F32), w -> new FaceNetwork(channels, size, w));
  }

  /** The embedder in the model folder {@code base}; empty when it brings none. */
  public static Optional<TorchEmbedder> in(Path base) {
    return Extra.FACE_EMBEDDER.in(base).map(TorchEmbedder::open);
  }

  /**
   * Opens a folder of {@code config.json} and {@code model.safetensors}.
   *
   * @throws InvalidInputException when it is of another kind, or its weights are not those of its
   *     config
   */
  public static TorchEmbedder open(Path folder) {
    ModelConfig config = ModelConfig.read(folder.resolve("config.json"));
    config.requireClass(KIND, "give a folder that the portrait training wrote");
    return new TorchEmbedder(config, Safetensors.open(folder.resolve("model.safetensors")));
  }

  @Override
  public float[] embed(RgbImage picture, Face face) {
    return seen(picture, face, this::vectors);
  }

  @Override
  public float[] embedRaw(RgbImage picture, Face face) {
    return seen(picture, face, network()::features);
  }

  private static float[] seen(RgbImage picture, Face face, UnaryOperator<Tensor> network) {
    RgbImage aligned = AlignmentTemplate.ARCFACE.align(picture, face);
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      return ImageTensors.floats(network.apply(ImageTensors.toSigned(aligned)));
    }
  }

  /**
   * The unit-length vectors [n, size], f32, of faces [n, 3, 112, 112] in -1..1, f32, aligned as for
   * ArcFace; a gradient goes back to the faces where they ask for one. It belongs to the calling
   * scope.
   */
  public Tensor vectors(Tensor faces) {
    return network().forward(faces);
  }

  private FaceNetwork network() {
    return new FaceNetwork(channels, size, Weights.of(weights));
  }

  /** How many numbers a vector has. */
  public int size() {
    return size;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public double sameAbove() {
    return sameAbove;
  }

  @Override
  public void close() {
    weights.close();
  }
}
