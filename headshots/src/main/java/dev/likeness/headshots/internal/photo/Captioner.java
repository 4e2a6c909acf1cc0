package dev.likeness.headshots.internal.photo;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.ModelFile;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.image.Resampler;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.model.ModelExtras.Extra;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DType;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.NoGradGuard;

/**
 * Describes photos and generated images in words, such as hair or light. The network comes from the
 * folder {@code photo_reader} of a base model; its words are those of the base's captions.
 * Immutable, thread-safe.
 */
public final class Captioner implements AutoCloseable {
  private static final String CLASS_NAME = "LikenessPhotoReader";

  private final String source;
  private final Map<String, List<String>> attributes;
  private final CaptionerNetwork.Shape shape;
  private final LoadedWeights weights;

  private Captioner(
      String source,
      Map<String, List<String>> attributes,
      CaptionerNetwork.Shape shape,
      LoadedWeights weights) {
    this.source = source;
    this.attributes = attributes;
    this.shape = shape;
    this.weights = weights;
  }

  /** The captioner in the model folder {@code base}; empty if it has none. */
  public static Optional<Captioner> find(Path base) {
    return Extra.CAPTIONER.in(base).map(Captioner::open);
  }

  /**
   * Opens a folder with {@code config.json} and {@code model.safetensors}.
   *
   * @throws InvalidInputException if it is of another class, or the weights do not fit the config
   */
  public static Captioner open(Path folder) {
    ModelConfig config = ModelConfig.read(folder.resolve("config.json"));
    config.requireClass(CLASS_NAME, "use the config that came with the weights");
    CaptionerNetwork.Shape shape = shape(config);
    LoadedWeights weights = LoadedWeights.checked(
        Safetensors.open(ModelFile.own(folder.resolve("model.safetensors"))),
        new Compute("cpu", DType.F32),
        w -> new CaptionerNetwork(shape, w));
    return new Captioner(config.source(), attributes(config), shape, weights);
  }

  /** The shape of the network in {@code config}. */
  public static CaptionerNetwork.Shape shape(ModelConfig config) {
    Map<String, Integer> words = new LinkedHashMap<>();
    attributes(config).forEach((attribute, list) -> words.put(attribute, list.size()));
    return new CaptionerNetwork.Shape(
        config.integers("block_out_channels", 4, null),
        config.integer("kept_channels", 8),
        config.integer("features", 96),
        words);
  }

  private static Map<String, List<String>> attributes(ModelConfig config) {
    // Earlier versions wrote the key "slots".
    Object given = config.values().getOrDefault("attributes", config.values().get("slots"));
    if (!(given instanceof Map<?, ?> attributes)
        || !attributes.values().stream()
            .allMatch(list -> list instanceof List<?> words && words.size() > 1)) {
      throw new InvalidInputException(
          config.source() + ": \"attributes\" is " + Quoted.value(given)
              + ", expected an object of lists with two words or more; use the config that came with the weights");
    }
    Map<String, List<String>> words = new LinkedHashMap<>();
    attributes.forEach((attribute, list) -> words.put(
        (String) attribute, ((List<?>) list).stream().map(Object::toString).toList()));
    return words;
  }

  /** The path of the config file, for error messages. */
  public String source() {
    return source;
  }

  /**
   * The attributes, such as {@code hair}, with their words; an empty word means that there is
   * nothing to say.
   */
  public Map<String, List<String>> attributes() {
    return attributes;
  }

  /**
   * For each attribute the probabilities of its words, which sum to 1.
   *
   * @param crop head and shoulders
   */
  public Map<String, float[]> describe(RgbImage crop) {
    int side = CaptionerNetwork.SIDE;
    RgbImage sized = crop.width() == side && crop.height() == side
        ? crop
        : Resampler.AREA.resize(crop, side, side);
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      CaptionerNetwork network = new CaptionerNetwork(shape, Weights.of(weights));
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
