package dev.likeness.diffusion.model;

import dev.likeness.diffusion.error.UnusableInput;
import dev.likeness.diffusion.weights.ModelConfig;
import dev.likeness.diffusion.weights.Safetensors;
import dev.likeness.diffusion.weights.ShardedSafetensors;
import dev.likeness.diffusion.weights.TensorSource;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A diffusers folder: {@code model_index.json} and one subfolder per component. */
public final class ModelFolder {
  private final Path root;
  private final ModelConfig index;

  private ModelFolder(Path root, ModelConfig index) {
    this.root = root;
    this.index = index;
  }

  /**
   * Looks at {@code root} without reading a weight.
   *
   * @throws UnusableInput when it is not such a folder
   */
  public static ModelFolder open(Path root) {
    if (!Files.isDirectory(root)) {
      throw new UnusableInput(root + " is not a folder; give the folder that holds model_index.json");
    }
    return new ModelFolder(root, ModelConfig.read(root.resolve("model_index.json")));
  }

  public Path root() {
    return root;
  }

  /** The pipeline class that saved the folder. */
  public String pipeline() {
    return index.text("_class_name", "unknown");
  }

  /** The class of a component, e.g. {@code AutoencoderKL}; null when the folder has none. */
  public String componentClass(String component) {
    Object value = index.values().get(component);
    return value instanceof List<?> pair && pair.size() == 2 && pair.get(1) != null ? pair.get(1).toString() : null;
  }

  /** The subfolder of a component. */
  public Path component(String name) {
    return root.resolve(name);
  }

  /** A component's {@code config.json}. */
  public ModelConfig config(String component) {
    return ModelConfig.read(component(component).resolve("config.json"));
  }

  /** The scheduler's own config. */
  public ModelConfig scheduler() {
    return ModelConfig.read(component("scheduler").resolve("scheduler_config.json"));
  }

  /** A component's tensors: one file or an index of shards, named as diffusers or transformers name them. */
  public TensorSource weights(String component) {
    Path folder = component(component);
    for (String stem : List.of("diffusion_pytorch_model", "model")) {
      for (String variant : List.of("", ".fp16")) {
        Path file = folder.resolve(stem + variant + ".safetensors");
        if (Files.exists(file)) {
          return Safetensors.open(file);
        }
        Path shards = folder.resolve(stem + ".safetensors.index" + variant + ".json");
        if (Files.exists(shards)) {
          return ShardedSafetensors.open(shards);
        }
      }
    }
    throw new UnusableInput(folder + " has no weights; expected diffusion_pytorch_model.safetensors or model.safetensors");
  }
}
