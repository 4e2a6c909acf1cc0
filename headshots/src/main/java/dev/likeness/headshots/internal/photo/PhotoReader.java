package dev.likeness.headshots.internal.photo;

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
import dev.likeness.photos.internal.image.Resampler;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.NoGradGuard;

/**
 * Reads words from photos and generated images, by a network that a model folder brings in
 * {@code photo_reader}: the words by which the base model knows what it sees. Immutable, shared by
 * threads.
 */
public final class PhotoReader implements AutoCloseable {
  private static final String CLASS_NAME = "LikenessPhotoReader";

  private final String source;
  private final Map<String, List<String>> attributes;
  private final PhotoReaderNetwork.Shape shape;
  private final LoadedWeights weights;

  private PhotoReader(
      String where,
      Map<String, List<String>> slots,
      PhotoReaderNetwork.Shape shape,
      LoadedWeights weights) {
    this.source = where;
    this.attributes = slots;
    this.shape = shape;
    this.weights = weights;
  }

  /** The reader in the model folder {@code base}; empty when it brings none. */
  public static Optional<PhotoReader> find(Path base) {
    return Extra.PHOTO_READER.in(base).map(PhotoReader::open);
  }

  /**
   * Opens a folder of {@code config.json} and {@code model.safetensors}.
   *
   * @throws InvalidInputException when it is of another kind, or its weights are not those of its
   *     config
   */
  public static PhotoReader open(Path folder) {
    ModelConfig config = ModelConfig.read(folder.resolve("config.json"));
    config.requireClass(CLASS_NAME, "give a folder that the portrait training wrote");
    PhotoReaderNetwork.Shape shape = shape(config);
    LoadedWeights weights = LoadedWeights.checked(
        Safetensors.open(folder.resolve("model.safetensors")),
        new Compute("cpu", DType.F32),
        w -> new PhotoReaderNetwork(shape, w));
    return new PhotoReader(config.source(), attributes(config), shape, weights);
  }

  /** How large the network of {@code config} is. */
  public static PhotoReaderNetwork.Shape shape(ModelConfig config) {
    Map<String, Integer> words = new LinkedHashMap<>();
    attributes(config).forEach((slot, list) -> words.put(slot, list.size()));
    return new PhotoReaderNetwork.Shape(
        config.integers("block_out_channels", 4, null),
        config.integer("kept_channels", 8),
        config.integer("features", 96),
        words);
  }

  private static Map<String, List<String>> attributes(ModelConfig config) {
    if (!(config.values().get("slots") instanceof Map<?, ?> slots)
        || !slots.values().stream()
            .allMatch(list -> list instanceof List<?> words && words.size() > 1)) {
      throw new InvalidInputException(
          config.source() + ": \"slots\" is " + config.values().get("slots")
              + ", expected an object of lists of two words or more; take the config from where the weights came from");
    }
    Map<String, List<String>> words = new LinkedHashMap<>();
    slots.forEach((slot, list) ->
        words.put((String) slot, ((List<?>) list).stream().map(Object::toString).toList()));
    return words;
  }

  /** The file that says so, for errors. */
  public String source() {
    return source;
  }

  /**
   * What it says something of, such as {@code hair}, with the words, of which an empty one says
   * nothing.
   */
  public Map<String, List<String>> attributes() {
    return attributes;
  }

  /**
   * For each slot how likely each of its words is, summing to 1, of {@code crop}: head and
   * shoulders.
   */
  public Map<String, float[]> read(RgbImage crop) {
    int side = PhotoReaderNetwork.SIDE;
    RgbImage sized = crop.width() == side && crop.height() == side
        ? crop
        : Resampler.AREA.resize(crop, side, side);
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      PhotoReaderNetwork network = new PhotoReaderNetwork(shape, Weights.of(weights));
      Map<String, float[]> likely = new LinkedHashMap<>();
      network
          .wordLogits(network.features(ImageTensors.toSigned(sized)))
          .forEach((slot, scores) -> likely.put(slot, ImageTensors.floats(scores.softmax(1))));
      return likely;
    }
  }

  @Override
  public void close() {
    weights.close();
  }
}
