package dev.likeness.lora;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.file.ModelFile;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.file.RepositoryFolder;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.diffusion.internal.io.AtomicFolder;
import dev.likeness.diffusion.internal.io.UninterruptibleIo;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.tensor.DType;
import dev.likeness.lora.training.PersonToken;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;

/**
 * The weights of a base model after {@link DreamBooth} training, and the words that prompts use for
 * the trained person. Owns its tensors until closed.
 */
public final class TrainedModel implements AutoCloseable {
  private static final Map<String, String> FILES = Map.of(
      "unet",
      "diffusion_pytorch_model.safetensors",
      "transformer",
      "diffusion_pytorch_model.safetensors",
      "text_encoder",
      "model.safetensors",
      "text_encoder_2",
      "model.safetensors");

  private static final String INDEX_FILE = "model_index.json";

  private final Weights weights;
  private final PersonToken personToken;
  private final Map<String, String> metadata;

  /** The trained tensors by component and name, and the region that owns them. */
  record Weights(Map<String, Tensor> tensors, TensorRegion region) {}

  TrainedModel(Weights weights, PersonToken personToken, Map<String, String> metadata) {
    this.weights = weights;
    this.personToken = personToken;
    this.metadata = metadata;
  }

  /** {@return the words that prompts use for the person} */
  public PersonToken personToken() {
    return personToken;
  }

  /**
   * Returns the trained weights in f32, by {@code unet.} or {@code text_encoder.} and their names.
   * This object owns them.
   */
  Map<String, Tensor> weights() {
    return weights.tensors();
  }

  /**
   * Writes a diffusers folder: a copy of {@code base} with the trained weights. The files are first
   * written to a hidden temporary folder, then moved to {@code out}. If moving fails, the files
   * that were not moved stay in the temporary folder.
   *
   * <p>Only the user who owns the new weight files can read them. The metadata of these files
   * contain the token and the consent of the person.
   *
   * @param base the diffusers folder of the base model, or the folder of the base model in the
   *     Hugging Face cache
   * @param out a folder that does not exist yet or is empty
   * @param type dtype of the weights in the files: f32, bf16 or f16
   * @throws InvalidInputException if {@code base} is not a diffusers folder, if {@code base}
   *     contains a link to a place outside of this folder, or if {@code out} is not empty
   * @throws ResourceLimitException if the files cannot be written
   */
  public void save(Path base, Path out, DType type) {
    requireWritable(base, out);
    AtomicFolder.write(
        out,
        INDEX_FILE,
        whole -> writeFiles(RepositoryFolder.HubCache.snapshot(base), whole, type));
  }

  private void writeFiles(Path base, Path out, DType type) throws IOException {
    List<String> parts = FILES.keySet().stream().filter(this::isTrained).toList();
    copy(base, out, parts);
    for (String part : parts) {
      try (TensorScope scope = TensorScope.open()) {
        Map<String, Tensor> named = new LinkedHashMap<>();
        weights.tensors().forEach((name, tensor) -> {
          if (name.startsWith(part + ".")) {
            named.put(name.substring(part.length() + 1), tensor.to(Tensors.scalarType(type)));
          }
        });
        SafetensorsWriter.writePrivate(out.resolve(part).resolve(FILES.get(part)), named, metadata);
      }
    }
  }

  private boolean isTrained(String part) {
    return weights.tensors().keySet().stream().anyMatch(name -> name.startsWith(part + "."));
  }

  /**
   * Checks before a training that {@link #save} will be possible.
   *
   * @param base the diffusers folder of the base model, or the folder of the base model in the
   *     Hugging Face cache
   * @param out the folder of the result
   * @throws InvalidInputException if {@code base} is not a diffusers folder, if {@code base}
   *     contains a link to a place outside of this folder, or if {@code out} is not empty
   */
  public static void requireWritable(Path base, Path out) {
    Path snapshot = RepositoryFolder.HubCache.snapshot(base);
    if (!Files.isRegularFile(snapshot.resolve(INDEX_FILE))) {
      throw new InvalidInputException(base + " is not a diffusers folder: it has no " + INDEX_FILE
          + "; make one with `likeness convert FILE FOLDER`");
    }
    try {
      files(snapshot);
    } catch (IOException | UncheckedIOException e) {
      throw new InvalidInputException(
          "cannot list the folder " + base + ": " + Quoted.reason(e), e);
    }
    if (Files.exists(out)) {
      try (Stream<Path> inside = Files.list(out)) {
        if (inside.anyMatch(path -> !AtomicFolder.isHidden(path) && !path.endsWith("lost+found"))) {
          throw new InvalidInputException(out + " already contains files; give a new folder");
        }
      } catch (IOException | UncheckedIOException e) {
        throw new InvalidInputException(
            "cannot list the folder " + out + ": " + Quoted.reason(e), e);
      }
    }
  }

  private static void copy(Path base, Path out, List<String> parts) throws IOException {
    for (Path file : files(base)) {
      Path inside = base.relativize(file);
      boolean replaced = parts.contains(inside.getName(0).toString())
          && !inside.toString().endsWith("config.json");
      if (!replaced) {
        // The base may be in a jar, whose paths cannot be resolved against a folder.
        AtomicFile.write(
            out.resolve(inside.toString()),
            to -> UninterruptibleIo.read(file, from -> Files.copy(from, to)));
      }
    }
  }

  // Folders that are links are not entered but refused, like every other foreign link.
  private static List<Path> files(Path base) throws IOException {
    try (Stream<Path> files = Files.walk(base)) {
      return files
          .filter(file -> !Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS))
          .map(ModelFile::own)
          .toList();
    }
  }

  /** Frees the weights; a second call does nothing. */
  @Override
  public void close() {
    weights.region().close();
  }
}
