package dev.likeness.diffusion.internal.family;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.internal.file.CanonicalTensors;
import dev.likeness.diffusion.internal.file.KeyMapping;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.text.ClipKeyFormat;
import dev.likeness.diffusion.internal.vae.AutoencoderKeyFormat;
import dev.likeness.diffusion.internal.vae.AutoencoderKind;
import java.io.IOException;
import java.io.InputStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Detects the components of a single file. Values that names and shapes do not determine come from
 * a resource of the family.
 */
public record ComponentDetector(Map<String, Object> values) {
  /** The resource of a family, beside one of its classes. */
  public static ComponentDetector of(Class<?> beside, String family) {
    try (InputStream in = beside.getResourceAsStream(family + ".json")) {
      return new ComponentDetector(JSON.std.mapFrom(in));
    } catch (IOException e) {
      throw new IllegalStateException(
          "the built-in configuration of " + family
              + " cannot be read; the jar is damaged, download it again",
          e);
    }
  }

  /** A text of the resource. */
  public String text(String name) {
    return values.get(name).toString();
  }

  /** The options of a component; those of {@code better} have precedence. */
  public Map<String, Object> options(String component, Map<String, Object> better) {
    Map<String, Object> all = new LinkedHashMap<>();
    if (values.get(component) instanceof Map<?, ?> known) {
      known.forEach((option, value) -> all.put(option.toString(), value));
    }
    all.putAll(better);
    return all;
  }

  /**
   * The CLIP text encoder below {@code prefix}, or null if there is none.
   *
   * @param layers the largest number of layers that are used
   * @param known a configuration that replaces the detected one, or null
   */
  public Detected clip(
      TensorNames keys,
      String component,
      String prefix,
      int layers,
      boolean projects,
      Map<String, Object> known) {
    int most =
        known != null && known.get("num_hidden_layers") instanceof Integer own ? own : layers;
    KeyMapping stored = ClipKeyFormat.layout(keys, prefix, most, projects);
    if (stored == null) {
      return null;
    }
    KeyMapping layout =
        usesProjection(component, projects) ? stored : ClipKeyFormat.unprojected(stored);
    Map<String, Object> config = known != null
        ? known
        : options(component, ClipKeyFormat.config(new CanonicalTensors(keys, layout), projects));
    return new Detected(
        projects ? "CLIPTextModelWithProjection" : "CLIPTextModel",
        withSource(config, keys, component),
        layout);
  }

  /**
   * Returns true if a file's projection is used. SD 3's CLIP-L is the only first encoder with a
   * projection; it is not used.
   */
  public static boolean usesProjection(String component, boolean projects) {
    return !projects || !component.equals("text_encoder");
  }

  /**
   * The autoencoder of a file, or null if there is none.
   *
   * @param kinds autoencoder classes of this family only
   */
  public Detected autoencoder(
      TensorNames keys, Map<String, Object> known, List<AutoencoderKind> kinds) {
    for (String prefix : List.of("first_stage_model.", "vae.")) {
      KeyMapping layout = AutoencoderKeyFormat.layout(keys, prefix);
      if (layout != null) {
        CanonicalTensors own = new CanonicalTensors(keys, layout);
        Map<String, Object> config =
            known != null ? known : options("vae", AutoencoderKeyFormat.config(own, kinds));
        return new Detected(
            AutoencoderKind.of(own, kinds).className(), withSource(config, keys, "vae"), layout);
      }
    }
    return null;
  }

  /** A component's configuration with its source for messages. */
  public static ModelConfig withSource(
      Map<String, Object> config, TensorNames keys, String component) {
    return ModelConfig.of(config, keys.describe() + " (" + component + ")");
  }

  /**
   * A network inside a single file.
   *
   * @param className its class in diffusers or transformers
   * @param config its configuration
   * @param layout the key mapping of its tensors
   */
  public record Detected(String className, ModelConfig config, KeyMapping layout) {}
}
