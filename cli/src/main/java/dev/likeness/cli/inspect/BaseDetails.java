package dev.likeness.cli.inspect;

import dev.likeness.diffusion.internal.family.ComponentDetector;
import dev.likeness.diffusion.internal.family.ModelParts;
import dev.likeness.diffusion.internal.file.CanonicalTensors;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.model.SingleFile;
import java.util.LinkedHashMap;
import java.util.Map;

/** What the headers and the built-in configuration tell of a base model beyond its family. */
final class BaseDetails {
  /** The channels of Stable Diffusion's latents. */
  private static final int LATENTS = 4;

  private BaseDetails() {}

  /** Variant, prediction and resolution of any model, its UNet's part read from its config. */
  static Map<String, Object> of(ModelParts files) {
    Map<String, Object> details = new LinkedHashMap<>();
    if (files.componentClass("unet") != null) {
      ModelConfig unet = files.config("unet");
      details.put("variant", variant(unet.integer("in_channels", LATENTS), latentChannels(files)));
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

  private static int latentChannels(ModelParts files) {
    return files.componentClass("vae") == null
        ? LATENTS
        : files.config("vae").integer("latent_channels", LATENTS);
  }

  /**
   * What a UNet is for, by what it is shown beside the sample: a mask and the kept part, an image,
   * its depth, its pixels.
   */
  private static String variant(int in, int latents) {
    int shown = in - latents;
    return shown == 0
        ? "text-to-image"
        : shown == latents + 1
            ? "inpainting"
            : shown == latents
                ? "instruct-pix2pix"
                : shown == 1 ? "depth" : shown == 3 ? "upscaler" : "unknown";
  }

  private static int vaeScaleFactor(ModelConfig vae) {
    String list =
        vae.has("block_out_channels") ? "block_out_channels" : "encoder_block_out_channels";
    return vae.has(list) ? 1 << vae.integers(list).size() - 1 : 8;
  }

  /** The same of a single file, and which parts it has, lacks, or carries beside them. */
  static Map<String, Object> of(SingleFile file) {
    Map<String, Object> details = of((ModelParts) file);
    if (file.componentClass("unet") != null && !file.declaresPrediction()) {
      String how = file.infersPrediction() ? "by its weights" : "assumed";
      details.computeIfPresent(
          "prediction", (key, value) -> value + " (" + how + ": the file does not say)");
    }
    if (file.componentClass("unet") != null) {
      details.computeIfAbsent(
          "resolution", key -> 8 * file.config("unet").integer("sample_size", 64));
    }
    Map<String, Object> parts = new LinkedHashMap<>();
    for (Map.Entry<String, ComponentDetector.Detected> part : file.components().entrySet()) {
      CanonicalTensors tensors =
          new CanonicalTensors(file.keys(), part.getValue().layout());
      parts.put(
          part.getKey(), tensors.layerRoles().stream().mapToLong(tensors::elements).sum());
    }
    details.put("parts", parts);
    details.put("missing", file.missingComponents());
    details.put("extra", file.unusedTensors());
    return details;
  }
}
