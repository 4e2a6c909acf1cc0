package dev.likeness.diffusion.internal.family.stablediffusion;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.family.ComponentDetector;
import dev.likeness.diffusion.internal.family.LoadedControlNet;
import dev.likeness.diffusion.internal.family.ModelFamily.ControlNetKind;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.tensor.Compute;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** ControlNets of Stable Diffusion 1.x, 2.x and XL, unions included. */
final class UNetControlNetKind implements ControlNetKind {
  /** Similar files that are not ControlNets, by a tensor that only they have. */
  private static final Map<String, String> OTHERS = Map.of(
      "difference", "a ControlNet's difference to its base", "lora_controlnet", "a control LoRA");

  private static final String TASKS = "task_embedding";
  /** The authors' class name of a union. */
  private static final String UNION = "ControlNetModel_Union";

  @Override
  public List<String> classNames() {
    return List.of("ControlNetModel", "ControlNetUnionModel");
  }

  @Override
  public boolean supports(String className) {
    return className.equals(UNION) || classNames().contains(className);
  }

  @Override
  public List<String> signatures() {
    return List.of("controlnet_cond_embedding.conv_in.weight");
  }

  /** Detects a file in the authors' key format, with a configuration from its shapes. */
  @Override
  public Optional<ComponentDetector.Detected> detect(String fileName, TensorNames keys) {
    return Stream.of("control_model.", "")
        .filter(each -> keys.has(each + "input_hint_block.0.weight"))
        .findFirst()
        .map(prefix -> detect(fileName, keys, prefix));
  }

  private static ComponentDetector.Detected detect(
      String fileName, TensorNames keys, String prefix) {
    OTHERS.forEach((tensor, kind) -> {
      if (keys.has(tensor)) {
        throw new InvalidInputException(keys.describe() + " is " + kind
            + ", which is not supported; give the whole ControlNet");
      }
    });
    Map<String, Object> options = StableDiffusionVariant.controlNetConfig(keys, prefix);
    // No tensor determines it; the authors' programs use the file name too.
    options.put("global_pool_conditions", fileName.contains("shuffle"));
    ModelConfig config = ModelConfig.of(options, keys.describe() + " (controlnet)");
    return new ComponentDetector.Detected(
        "ControlNetModel",
        config,
        UNetKeyFormat.of(ControlNetConfig.of(config)).withPrefix(prefix));
  }

  @Override
  public LoadedControlNet open(
      String name, ModelConfig config, TensorSource tensors, Compute compute) {
    LoadedWeights weights = new LoadedWeights(tensors, compute);
    try {
      ControlNetConfig own = ControlNetConfig.of(withModeCount(config, weights));
      weights.check(w -> new ControlNetModel(own, w), Set.of());
      return new UNetControlNet(name, compute, weights, own);
    } catch (RuntimeException e) {
      weights.close();
      throw e;
    }
  }

  /** Adds the number of control modes to a union's config: the rows of one of its weights. */
  private static ModelConfig withModeCount(ModelConfig config, LoadedWeights weights) {
    if (config.has("num_control_type") || !weights.has(TASKS)) {
      return config;
    }
    Map<String, Object> options = new LinkedHashMap<>(config.values());
    options.put("num_control_type", (int) weights.shape(TASKS)[0]);
    return ModelConfig.of(options, config.source());
  }
}
