package dev.likeness.cli.inspect;

import dev.likeness.diffusion.internal.family.ComponentDetector;
import dev.likeness.diffusion.internal.family.ModelComponents;
import dev.likeness.diffusion.internal.family.ModelKind;
import dev.likeness.diffusion.internal.file.CanonicalTensors;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.model.SingleFile;
import java.util.LinkedHashMap;
import java.util.Map;

/** Reads details of a base model from its headers and configuration. */
final class BaseDetails {
  private BaseDetails() {}

  /**
   * Returns variant, prediction type and resolution of a model; for a UNet they come from its
   * configuration.
   */
  static Map<String, Object> of(ModelComponents files) {
    Map<String, Object> details = new LinkedHashMap<>();
    if (files.componentClass("unet") != null) {
      ModelConfig unet = files.config("unet");
      details.put("variant", ModelKind.taskOfUnet(files));
      details.put("prediction", files.scheduler().text("prediction_type", "epsilon"));
      if (unet.has("sample_size") && files.componentClass("vae") != null) {
        details.put(
            "resolution", unet.integer("sample_size", 0) * vaeScaleFactor(files.config("vae")));
      }
    } else if (files.componentClass("transformer") != null) {
      details.put("prediction", "flow");
    }
    return details;
  }

  private static int vaeScaleFactor(ModelConfig vae) {
    String list =
        vae.has("block_out_channels") ? "block_out_channels" : "encoder_block_out_channels";
    return vae.has(list) ? 1 << vae.integers(list).size() - 1 : 8;
  }

  /** Returns the details of a single file, with its present, missing and unused components. */
  static Map<String, Object> of(SingleFile file) {
    Map<String, Object> details = of((ModelComponents) file);
    if (file.usesAverages()) {
      details.put("weights", "averaged (EMA): the file has no others");
    }
    if (file.componentClass("unet") != null && !file.declaresPrediction()) {
      String how = file.infersPrediction() ? "inferred from its weights" : "assumed";
      details.computeIfPresent(
          "prediction", (key, value) -> value + " (" + how + ": the file does not contain it)");
    }
    if (file.componentClass("unet") != null) {
      details.computeIfAbsent(
          "resolution", key -> 8 * file.config("unet").integer("sample_size", 64));
    }
    Map<String, Object> components = new LinkedHashMap<>();
    for (Map.Entry<String, ComponentDetector.Detected> component :
        file.components().entrySet()) {
      CanonicalTensors tensors =
          new CanonicalTensors(file.keys(), component.getValue().layout());
      components.put(
          component.getKey(),
          tensors.names().stream().mapToLong(tensors::elements).sum());
    }
    details.put("components", components);
    details.put("missing", file.missingComponents());
    details.put("extra", file.unusedTensors());
    return details;
  }
}
