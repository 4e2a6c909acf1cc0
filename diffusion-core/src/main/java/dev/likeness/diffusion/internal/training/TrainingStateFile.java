package dev.likeness.diffusion.internal.training;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.RenamedSource;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsHeader;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiConsumer;
import org.bytedeco.pytorch.Tensor;

/**
 * The state of a training that can be resumed, in one safetensors file: weights under
 * {@code weights.}, their moving average (may be null) under {@code ema.}, and the optimiser's
 * state under its own names ({@code first.}, {@code second.}). The step number is in the metadata.
 * Random state is not stored: every step seeds its own source with its number.
 */
public record TrainingStateFile(TrainableWeights weights, Optimizer optimizer, Ema ema) {
  /** The metadata key of the training that a state, or a person trained by it, belongs to. */
  public static final String OWNER = "likeness.training_state";

  private static final String STEP = "step";

  /** The key that earlier versions wrote; it is only read. */
  private static final String OLD_OWNER = "likeness.run";

  private static final String EXTRA = "more.";

  /**
   * Returns true if there is a state to resume from. Temporary files of interrupted saves beside it
   * are deleted.
   *
   * @param file the state's file, or null if none is kept
   * @param owner the settings that determine the result, by which a state is recognised
   * @param decided the words for these settings in the error message
   * @throws InvalidInputException if the state belongs to another training
   */
  public static boolean exists(Path file, String owner, String decided) {
    if (file == null) {
      return false;
    }
    AtomicFile.sweep(file);
    if (!Files.exists(file)) {
      return false;
    }
    if (!owner.equals(owner(file))) {
      throw new InvalidInputException(file + " is the state of another training; give the "
          + decided + " that the other training began with, or delete the file to start again");
    }
    return true;
  }

  /**
   * Returns the training that the safetensors file names under {@link #OWNER} or its old key.
   *
   * @return the training, or null if the file names none
   * @throws InvalidInputException if the file is not a safetensors file
   */
  public static String owner(Path file) {
    Map<String, String> metadata = SafetensorsHeader.read(file).metadata();
    return metadata.getOrDefault(OWNER, metadata.get(OLD_OWNER));
  }

  /**
   * Returns true if a file is the state of a training. A person trained by it names the training
   * too, but has no step.
   */
  public static boolean isState(Path file) {
    try {
      return owner(file) != null && SafetensorsHeader.read(file).metadata().containsKey(STEP);
    } catch (InvalidInputException e) {
      return false;
    }
  }

  /**
   * Writes the state atomically. Only the owner of the process may read it, because the weights may
   * be trained on a person.
   */
  public void save(Path file, Map<String, String> metadata) {
    save(file, metadata, Map.of());
  }

  /** Writes the state with further tensors of the caller, under {@code more.}. */
  public void save(Path file, Map<String, String> metadata, Map<String, Tensor> more) {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    more.forEach((name, t) -> tensors.put(EXTRA + name, t));
    weights.leaves().forEach((name, t) -> tensors.put("weights." + name, t));
    if (ema != null) {
      ema.average().forEach((name, t) -> tensors.put("ema." + name, t));
    }
    tensors.putAll(optimizer.tensors());
    Map<String, String> all = new LinkedHashMap<>(metadata);
    all.put(STEP, Long.toString(optimizer.steps()));
    SafetensorsWriter.writePrivate(file, tensors, all);
  }

  /** Loads a saved state and returns its metadata. */
  public Map<String, String> load(Path file) {
    return load(file, (name, tensor) -> {});
  }

  /** Loads a saved state with the further tensors, which are valid during the call only. */
  public Map<String, String> load(Path file, BiConsumer<String, Tensor> more) {
    try (TensorScope scope = TensorScope.open();
        Safetensors saved = Safetensors.open(file)) {
      weights.load(tensorsUnder(saved, "weights."));
      if (ema != null) {
        ema.restore(place(tensors(saved, "ema.")));
      }
      Map<String, Tensor> kept = tensors(saved, "");
      kept.keySet()
          .removeIf(name ->
              name.startsWith("weights.") || name.startsWith("ema.") || name.startsWith(EXTRA));
      tensors(saved, EXTRA).forEach(more);
      optimizer.resume(Long.parseLong(saved.header().metadata().get(STEP)), place(kept));
      return saved.header().metadata();
    }
  }

  /**
   * Moves tensors to the device of the weights. Scalars stay on the CPU, where they are computed.
   */
  private Map<String, Tensor> place(Map<String, Tensor> saved) {
    weights.leaves().values().stream()
        .findFirst()
        .ifPresent(leaf -> saved.replaceAll((name, tensor) ->
            tensor.dim() == 0 ? tensor : tensor.to(leaf.device(), tensor.scalar_type())));
    return saved;
  }

  private static TensorSource tensorsUnder(Safetensors saved, String prefix) {
    return RenamedSource.of(
        saved, name -> name.startsWith(prefix) ? name.substring(prefix.length()) : null);
  }

  private static Map<String, Tensor> tensors(Safetensors saved, String prefix) {
    Map<String, Tensor> found = new LinkedHashMap<>();
    for (String name : saved.names()) {
      if (name.startsWith(prefix)) {
        found.put(name.substring(prefix.length()), saved.read(name));
      }
    }
    return found;
  }
}
