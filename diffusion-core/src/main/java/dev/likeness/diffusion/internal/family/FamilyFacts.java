package dev.likeness.diffusion.internal.family;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.internal.file.KeyLayout;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.Relaid;
import dev.likeness.diffusion.internal.file.TensorList;
import dev.likeness.diffusion.internal.text.TextShape;
import dev.likeness.diffusion.internal.vae.AutoencoderShape;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What names and shapes do not tell of a family: the resource of its name, and the parts that it
 * completes.
 */
public record FamilyFacts(Map<String, Object> values) {
  public static FamilyFacts of(String family) {
    try (InputStream in = FamilyFacts.class.getResourceAsStream(family + ".json")) {
      return new FamilyFacts(JSON.std.mapFrom(in));
    } catch (IOException e) {
      throw new UncheckedIOException(
          "the built-in configuration of " + family + " cannot be read", e);
    }
  }

  public String text(String name) {
    return values.get(name).toString();
  }

  /** The options of a component, those of {@code better} first. */
  public Map<String, Object> options(String component, Map<String, Object> better) {
    Map<String, Object> all = new LinkedHashMap<>();
    if (values.get(component) instanceof Map<?, ?> known) {
      known.forEach((option, value) -> all.put(option.toString(), value));
    }
    all.putAll(better);
    return all;
  }

  /**
   * The CLIP text encoder below {@code prefix}, or null when there is none.
   *
   * @param layers how many of its layers it runs at most
   * @param known its configuration where it is known better than by shapes, or null
   */
  public Component clip(
      TensorList keys,
      String component,
      String prefix,
      int layers,
      boolean projects,
      Map<String, Object> known) {
    int most =
        known != null && known.get("num_hidden_layers") instanceof Integer own ? own : layers;
    KeyLayout stored = TextShape.layout(keys, prefix, most, projects);
    if (stored == null) {
      return null;
    }
    KeyLayout layout = heard(component, projects) ? stored : TextShape.unprojected(stored);
    Map<String, Object> config = known != null
        ? known
        : options(component, TextShape.config(new Relaid(keys, layout), projects));
    return new Component(
        projects ? "CLIPTextModelWithProjection" : "CLIPTextModel",
        named(config, keys, component),
        layout);
  }

  /**
   * Whether a projection counts that a file holds: not of SD 3's CLIP-L, which alone is first and
   * of the class that projects.
   */
  public static boolean heard(String component, boolean projects) {
    return !projects || !component.equals("text_encoder");
  }

  /** The autoencoder of a file, or null when there is none. */
  public Component autoencoder(TensorList keys, Map<String, Object> known) {
    for (String prefix : List.of("first_stage_model.", "vae.")) {
      KeyLayout layout = AutoencoderShape.layout(keys, prefix);
      if (layout != null) {
        Relaid own = new Relaid(keys, layout);
        Map<String, Object> config =
            known != null ? known : options("vae", AutoencoderShape.config(own));
        return new Component(AutoencoderShape.className(own), named(config, keys, "vae"), layout);
      }
    }
    return null;
  }

  public static ModelConfig named(Map<String, Object> config, TensorList keys, String component) {
    return ModelConfig.of(config, keys.describe() + " (" + component + ")");
  }
}
