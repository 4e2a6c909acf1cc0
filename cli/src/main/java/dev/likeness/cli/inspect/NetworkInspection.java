package dev.likeness.cli.inspect;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.ModelFile;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.file.RepositoryFolder;
import dev.likeness.diffusion.internal.file.ScaledTensors;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.model.ModelFolder;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Inspects the folder of one network, such as a ControlNet, an autoencoder or an image encoder: its
 * configuration and the headers of its weights.
 */
final class NetworkInspection {
  private static final String CONFIG = "config.json";

  private NetworkInspection() {}

  /**
   * Returns true if a folder, or the snapshot in it, has the configuration of a network and no
   * index of a base.
   */
  static boolean isOne(Path folder) {
    try {
      Path own = RepositoryFolder.HubCache.snapshot(folder);
      return ModelFile.exists(own.resolve(CONFIG))
          && !ModelFile.exists(own.resolve("model_index.json"));
    } catch (InvalidInputException e) {
      return false;
    }
  }

  static CheckpointInspection of(Path folder) {
    try {
      Path own = RepositoryFolder.HubCache.snapshot(folder);
      ModelConfig config = ModelConfig.read(RepositoryFolder.of(own).resolve(CONFIG, own));
      Path weights = ModelFolder.weightsIn(own, null);
      return FolderInspection.onHeaders(weights, tensors -> inspect(folder, config, tensors));
    } catch (InvalidInputException e) {
      return CheckpointInspection.unusable(folder, "unknown", e.getMessage());
    }
  }

  private static CheckpointInspection inspect(
      Path folder, ModelConfig config, TensorNames tensors) {
    FileInspection.Tally tally = new FileInspection.Tally();
    tally.add(tensors);
    TensorNames named = ScaledTensors.of(tensors);
    FileKind kind = FileKind.of(named);
    Map<String, Object> details = new LinkedHashMap<>();
    details.put("class", className(config));
    details.put("tensors", tensors.names().size());
    return new CheckpointInspection(
        folder,
        kind.label(),
        Family.of(kind, named),
        "diffusers",
        tally.parameters(),
        tally.dtypes(),
        details,
        List.of());
  }

  /** Returns the class that diffusers or transformers opens. */
  private static String className(ModelConfig config) {
    Object transformers =
        config.values().get("architectures") instanceof List<?> several && !several.isEmpty()
            ? several.get(0)
            : "unknown";
    return Quoted.value(config.text("_class_name", String.valueOf(transformers)));
  }
}
