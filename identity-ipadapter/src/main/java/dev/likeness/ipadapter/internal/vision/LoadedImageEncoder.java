package dev.likeness.ipadapter.internal.vision;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.ModelFile;
import dev.likeness.diffusion.internal.file.RenamedSource;
import dev.likeness.diffusion.internal.file.RepositoryFolder;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.ScaledSource;
import dev.likeness.diffusion.internal.file.ShardedSource;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.file.pickle.TorchPickle;
import dev.likeness.diffusion.internal.io.Sha256;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.model.TensorFileFormat;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.tensor.Compute;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * An opened image encoder: configuration, preparation of images, and vision tower with weights.
 * Immutable and thread-safe; owns its tensors until closed.
 */
public final class LoadedImageEncoder implements AutoCloseable {
  private static final int FINGERPRINT_BYTES = 8;

  private final Path folder;
  private final VisionConfig config;
  private final ImageProcessor processor;
  private final Compute compute;
  private final LoadedWeights weights;
  private final VisionModel tower;
  private final String fingerprint;

  private LoadedImageEncoder(
      Path folder, VisionConfig config, ImageProcessor processor, Compute compute) {
    this.folder = folder;
    this.config = config;
    this.processor = processor;
    this.compute = compute;
    TensorSource source =
        RenamedSource.of(new TensorSource.Finite(source(folder)), LoadedImageEncoder::canonical);
    weights = new LoadedWeights(source, compute);
    try {
      tower = new VisionModel(config, Weights.of(weights));
      weights.requireAllRead(Set.of());
      fingerprint = fingerprint(source);
    } catch (RuntimeException e) {
      weights.close();
      throw e;
    }
  }

  /**
   * Opens a folder with {@code config.json} and weights, or a weights file. A folder of the Hugging
   * Face cache stands for its snapshot. A {@code preprocessor_config.json} in the folder replaces
   * the defaults of CLIP or SigLIP.
   *
   * @throws InvalidInputException if a file is missing, broken or not an image encoder
   */
  public static LoadedImageEncoder open(Path given, Compute compute) {
    Path folder = RepositoryFolder.HubCache.snapshot(given);
    VisionConfig config = config(folder);
    ImageProcessor usual = config.isSiglip()
        ? ImageProcessor.siglip(config.imageSize())
        : ImageProcessor.clip(config.imageSize());
    Path own = beside(folder, "preprocessor_config.json");
    ImageProcessor processor =
        ModelFile.exists(own) ? ImageProcessor.of(ModelConfig.read(own), usual) : usual;
    if (!processor.isCompatible(config)) {
      throw new InvalidInputException(
          own + " prepares images of " + processor.sizeText() + ", but the encoder needs "
              + config.imageSize() + "x" + config.imageSize()
              + " (config.json); give the files of one encoder");
    }
    return new LoadedImageEncoder(folder, config, processor, compute);
  }

  /**
   * Reads the configuration of an encoder from {@code config.json}, or from tensor shapes if there
   * is none. Reads no weights.
   */
  public static VisionConfig config(Path given) {
    Path folder = RepositoryFolder.HubCache.snapshot(given);
    if (!Files.exists(folder)) {
      throw new InvalidInputException(folder
          + " does not exist; give an image encoder's folder, with config.json and"
          + " model.safetensors, or an image encoder's file");
    }
    Path said = beside(folder, "config.json");
    if (Files.isDirectory(folder) || ModelFile.exists(said)) {
      return VisionConfig.of(ModelConfig.read(said));
    }
    try (TensorSource keys =
        RenamedSource.of(TensorFileFormat.open(folder), LoadedImageEncoder::canonical)) {
      return new VisionConfig.ShapeDetector(keys).config();
    }
  }

  private static Path beside(Path folder, String name) {
    return Files.isDirectory(folder) ? folder.resolve(name) : folder.resolveSibling(name);
  }

  public VisionConfig config() {
    return config;
  }

  /** Returns a hash of the weights, equal for f32 and f16 files of one encoder. */
  public String fingerprint() {
    return fingerprint;
  }

  /** Returns its folder or file, for messages. */
  public String describe() {
    return folder.toString();
  }

  /** Encodes one image; the result belongs to the calling scope. */
  public VisionModel.ImageEncoding encode(RgbImage image) {
    try (NoGradGuard guard = new NoGradGuard()) {
      return tower.forward(Tensors.place(compute, processor.preprocess(image)));
    }
  }

  /**
   * Encodes an input of zeros, the input for "no image"; the result belongs to the calling scope.
   */
  public VisionModel.ImageEncoding encodeZeros() {
    try (NoGradGuard guard = new NoGradGuard()) {
      return tower.forward(Tensors.place(compute, processor.zeros(config.imageSize())));
    }
  }

  private static TensorSource source(Path folder) {
    return Files.isRegularFile(folder)
        ? TensorFileFormat.open(folder)
        : ScaledSource.of(stored(folder));
  }

  private static TensorSource stored(Path folder) {
    for (String variant : List.of("", ".fp16")) {
      Path file = folder.resolve("model" + variant + ".safetensors");
      if (ModelFile.exists(file)) {
        return Safetensors.open(ModelFile.own(file));
      }
      Path shards = folder.resolve("model.safetensors.index" + variant + ".json");
      if (ModelFile.exists(shards)) {
        return ShardedSource.open(shards);
      }
    }
    Path pickle = folder.resolve("pytorch_model.bin");
    if (ModelFile.exists(pickle)) {
      return TorchPickle.open(ModelFile.own(pickle));
    }
    throw new InvalidInputException(
        folder + " has no weights, expected model.safetensors or pytorch_model.bin; download the"
            + " image encoder again");
  }

  /**
   * Returns the canonical name of a tensor; null to skip it. A file of a whole CLIP also has the
   * text tower. Newer files of the vision tower alone lack the prefix.
   */
  public static String canonical(String name) {
    if (name.endsWith("position_ids") || name.startsWith("text_") || name.startsWith("logit_")) {
      return null;
    }
    return name.startsWith("vision_model.") || name.startsWith("visual_projection.")
        ? name
        : "vision_model." + name;
  }

  /**
   * Returns the first 16 hexadecimal digits of the SHA-256 of norms and biases. These are a
   * thousandth of the weights and change in any training. They are rounded to f16, because encoders
   * are published in f16 too.
   */
  static String fingerprint(TensorSource weights) {
    MessageDigest digest = Sha256.digest();
    weights.names().stream()
        .filter(name -> weights.shape(name).length == 1)
        .sorted()
        .forEach(name -> {
          try (TensorScope scope = TensorScope.open()) {
            float[] values =
                ImageTensors.floats(weights.read(name).to(ScalarType.Half).to(ScalarType.Float));
            ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * values.length);
            bytes.asFloatBuffer().put(values);
            digest.update(name.getBytes(StandardCharsets.UTF_8));
            digest.update(bytes.array());
          }
        });
    return HexFormat.of().formatHex(digest.digest(), 0, FINGERPRINT_BYTES);
  }

  @Override
  public void close() {
    weights.close();
  }
}
