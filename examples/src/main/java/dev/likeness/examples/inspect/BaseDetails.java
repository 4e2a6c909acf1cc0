package dev.likeness.examples.inspect;

import dev.likeness.diffusion.layout.Relaid;
import dev.likeness.diffusion.model.Component;
import dev.likeness.diffusion.model.ModelFiles;
import dev.likeness.diffusion.model.SingleFile;
import dev.likeness.diffusion.weights.ModelConfig;
import java.util.LinkedHashMap;
import java.util.Map;

/** What the headers and the built-in configuration tell of a base model beyond its family. */
final class BaseDetails {
  private static final Map<Integer, String> BY_INPUT =
      Map.of(4, "text-to-image", 9, "inpainting", 8, "instruct-pix2pix", 5, "depth", 7, "upscaler");

  private BaseDetails() {}

  /** Variant, prediction and resolution of any model, its UNet's part read from its config. */
  static Map<String, Object> of(ModelFiles files) {
    Map<String, Object> details = new LinkedHashMap<>();
    if (files.componentClass("unet") != null) {
      ModelConfig unet = files.config("unet");
      details.put("variant", BY_INPUT.getOrDefault(unet.integer("in_channels", 4), "unknown"));
      details.put("prediction", files.scheduler().text("prediction_type", "epsilon"));
      if (unet.has("sample_size") && files.componentClass("vae") != null) {
        details.put("resolution", unet.integer("sample_size", 0) * factor(files.config("vae")));
      }
    } else if (files.componentClass("transformer") != null) {
      details.put("prediction", "flow");
    }
    return details;
  }

  private static int factor(ModelConfig vae) {
    String list = vae.has("block_out_channels") ? "block_out_channels" : "encoder_block_out_channels";
    return vae.has(list) ? 1 << vae.integers(list).size() - 1 : 8;
  }

  /** The same of a single file, and which parts it has, lacks, or carries beside them. */
  static Map<String, Object> of(SingleFile file) {
    Map<String, Object> details = of((ModelFiles) file);
    if (file.componentClass("unet") != null && !file.saysPrediction()) {
      details.computeIfPresent("prediction", (key, value) -> value + " (assumed: the file does not say)");
    }
    if (file.componentClass("unet") != null) {
      details.computeIfAbsent("resolution", key -> 8 * file.config("unet").integer("sample_size", 64));
    }
    Map<String, Object> parts = new LinkedHashMap<>();
    for (Map.Entry<String, Component> part : file.components().entrySet()) {
      Relaid tensors = new Relaid(file.keys(), part.getValue().layout());
      parts.put(part.getKey(), tensors.names().stream().mapToLong(tensors::elements).sum());
    }
    details.put("parts", parts);
    details.put("missing", file.missing());
    details.put("extra", file.extra());
    return details;
  }
}
