package dev.likeness.lora;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.adapt.Part;
import dev.likeness.diffusion.error.UnusableInput;
import dev.likeness.lora.change.Layer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How strongly a file means its layers where no key says it: peft's own settings, which diffusers writes as JSON into
 * the header under {@code lora_adapter_metadata} and peft into a file beside the weights. A file that says nothing
 * means alpha = rank, as every reader takes it.
 */
final class Alphas {
  private static final String SETTINGS = "lora_adapter_metadata";

  private final Map<String, Object> settings;

  private Alphas(Map<String, Object> settings) {
    this.settings = settings;
  }

  static Alphas of(Map<String, String> metadata, Path file) {
    String json = metadata.get(SETTINGS);
    if (json != null) {
      return new Alphas(parsed(json, file + ": the header's " + SETTINGS));
    }
    String beside = LoraSource.settingsBeside(file);
    if (beside.isEmpty()) {
      return new Alphas(Map.of());
    }
    Map<String, Object> all = new LinkedHashMap<>();
    parsed(beside, file + ": the adapter_config.json beside it").forEach((name, value) -> {
      for (Part part : Part.values()) {
        all.put(part.folder() + "." + name, value);
      }
    });
    return new Alphas(all);
  }

  private static Map<String, Object> parsed(String json, String where) {
    try {
      return JSON.std.mapFrom(json);
    } catch (IOException e) {
      throw new UnusableInput(where + " is not a JSON object; save the LoRA again", e);
    }
  }

  /** The factor of a layer's change; {@code own} is what its alpha key says, or NaN. */
  double scale(Layer layer, long rank, double own) {
    String part = layer.part().folder() + ".";
    double alpha = Double.isNaN(own) ? alpha(layer, part, rank) : own;
    boolean byRoot = Boolean.TRUE.equals(settings.get(part + "use_rslora"));
    return alpha / (byRoot ? Math.sqrt(rank) : rank);
  }

  private double alpha(Layer layer, String part, long rank) {
    if (settings.get(part + "alpha_pattern") instanceof Map<?, ?> patterns) {
      for (Map.Entry<?, ?> pattern : patterns.entrySet()) {
        String name = pattern.getKey().toString();
        boolean here = layer.path().equals(name) || layer.path().endsWith("." + name);
        if (here && pattern.getValue() instanceof Number alpha) {
          return alpha.doubleValue();
        }
      }
    }
    return settings.get(part + "lora_alpha") instanceof Number alpha ? alpha.doubleValue() : rank;
  }
}
