package dev.likeness.diffusion.internal.model;

import dev.likeness.diffusion.internal.family.ComponentDetector;
import dev.likeness.diffusion.internal.family.ModelParts;
import dev.likeness.diffusion.internal.file.CanonicalTensors;
import dev.likeness.diffusion.internal.file.KeyMapping;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.ModelFile;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.text.ClipKeyFormat;
import dev.likeness.diffusion.internal.text.Qwen3Config.Qwen3KeyFormat;
import dev.likeness.diffusion.internal.text.T5KeyFormat;
import java.nio.file.Path;
import java.util.List;

/**
 * Detects a text encoder in a file: CLIP, T5 or Qwen 3, in key formats other than transformers'.
 */
final class TextEncoderFile {
  private static final List<String> TEXT_PREFIXES = List.of(
      "",
      "cond_stage_model.",
      "conditioner.embedders.0.",
      "conditioner.embedders.1.",
      "text_encoders.clip_l.",
      "text_encoders.clip_g.");

  private TextEncoderFile() {}

  /** The text encoder in {@code path}, or null if there is none. */
  static ComponentFile of(ModelParts base, String component, Path path, TensorNames keys) {
    ComponentFile language = language(component, path, keys);
    if (language != null) {
      return language;
    }
    boolean projects = projects(base, component);
    for (String prefix : TEXT_PREFIXES) {
      int most = ComponentFile.knownOptions(base, component).get("num_hidden_layers")
              instanceof Integer layers
          ? layers
          : Integer.MAX_VALUE;
      KeyMapping stored = ClipKeyFormat.layout(keys, prefix, most, projects);
      if (stored != null) {
        KeyMapping layout = ComponentDetector.usesProjection(component, projects) || ofFolder(path)
            ? stored
            : ClipKeyFormat.unprojected(stored);
        return ComponentFile.remapped(
            base,
            component,
            path,
            keys,
            layout,
            ClipKeyFormat.config(new CanonicalTensors(keys, layout), projects),
            textClass(projects));
      }
    }
    return null;
  }

  // A file of a diffusers folder has its projection.
  private static boolean ofFolder(Path path) {
    Path config = path.resolveSibling("config.json");
    return ModelFile.exists(config)
        && ModelConfig.read(config).texts("architectures", List.of()).contains(textClass(true));
  }

  private static ComponentFile language(String component, Path path, TensorNames keys) {
    for (String prefix : List.of("", "text_encoders.t5xxl.transformer.", "text_encoders.t5xxl.")) {
      KeyMapping t5 = T5KeyFormat.layout(keys, prefix);
      KeyMapping qwen = Qwen3KeyFormat.layout(keys, prefix);
      if (t5 != null) {
        return ComponentFile.whole(
            "T5EncoderModel",
            T5KeyFormat.config(new CanonicalTensors(keys, t5)),
            component,
            path,
            keys,
            t5);
      }
      if (qwen != null) {
        return ComponentFile.whole(
            "Qwen3ForCausalLM",
            Qwen3KeyFormat.config(new CanonicalTensors(keys, qwen)),
            component,
            path,
            keys,
            qwen);
      }
    }
    return null;
  }

  private static boolean projects(ModelParts base, String component) {
    if (base == null) {
      return component.equals("text_encoder_2");
    }
    return base.variant().isPresent()
        ? base.variant().get().hasProjection(component)
        : base.componentClass(component) != null
            ? base.componentClass(component).equals(textClass(true))
            : component.equals("text_encoder_2");
  }

  private static String textClass(boolean projects) {
    return projects ? "CLIPTextModelWithProjection" : "CLIPTextModel";
  }
}
