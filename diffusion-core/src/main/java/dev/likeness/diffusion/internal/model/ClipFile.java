package dev.likeness.diffusion.internal.model;

import dev.likeness.diffusion.internal.family.ComponentDetector;
import dev.likeness.diffusion.internal.family.ModelComponents;
import dev.likeness.diffusion.internal.file.CanonicalTensors;
import dev.likeness.diffusion.internal.file.KeyMapping;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.ModelFile;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.text.ClipKeyFormat;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Finds a CLIP text encoder in a file with keys of OpenCLIP, latent diffusion or ComfyUI. */
final class ClipFile {
  /** The prefixes of CLIP in whole checkpoints; none for a file of its own. */
  private static final List<String> PREFIXES = List.of(
      "",
      "cond_stage_model.",
      "conditioner.embedders.0.",
      "conditioner.embedders.1.",
      "text_encoders.clip_l.",
      "text_encoders.clip_g.");

  private ClipFile() {}

  /** Returns the text encoder in {@code path}; empty if there is none. */
  static Optional<ComponentFile> find(
      ModelComponents base, String component, Path path, TensorNames keys) {
    boolean projects = projects(base, component);
    for (String prefix : PREFIXES) {
      int most = ComponentFile.knownOptions(base, component).get("num_hidden_layers")
              instanceof Integer layers
          ? layers
          : Integer.MAX_VALUE;
      KeyMapping stored = ClipKeyFormat.layout(keys, prefix, most, projects);
      if (stored != null) {
        KeyMapping layout = ComponentDetector.usesProjection(component, projects) || ofFolder(path)
            ? stored
            : ClipKeyFormat.unprojected(stored);
        return Optional.of(ComponentFile.remapped(
            base,
            component,
            path,
            keys,
            layout,
            ClipKeyFormat.config(new CanonicalTensors(keys, layout), projects),
            textClass(projects)));
      }
    }
    return Optional.empty();
  }

  // A file of a diffusers folder has its projection.
  private static boolean ofFolder(Path path) {
    Path config = path.resolveSibling("config.json");
    return ModelFile.exists(config)
        && ModelConfig.read(config).texts("architectures", List.of()).contains(textClass(true));
  }

  /** Returns true if the component's class has a projection of the pooled text. */
  private static boolean projects(ModelComponents base, String component) {
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
