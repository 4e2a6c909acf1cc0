package dev.likeness.lora.internal.file;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Stream;

/**
 * The alphas and other settings of peft, for layers without an alpha key. diffusers writes them as
 * JSON into the header under {@code lora_adapter_metadata}; peft writes them into a file beside the
 * weights. Without settings, alpha equals the rank, as in every other reader. LoRA's settings call
 * it {@code lora_alpha}, those of LoHa and LoKr {@code alpha}.
 */
public final class AdapterConfig {
  private static final String METADATA_KEY = "lora_adapter_metadata";
  private static final String INIT_KEY = "init_lora_weights";
  /**
   * Initial values that peft computes from the base's own weights ({@code tuners/lora/layer.py}).
   * peft does not change the base for true, false, gaussian, eva, orthogonal and mica.
   */
  private static final Pattern CHANGED_BASE =
      Pattern.compile("(pissa|corda).*|olora|loftq|lora_ga", Pattern.CASE_INSENSITIVE);
  /** The number of terms of Cayley's series if peft's settings have none. */
  private static final int DEFAULT_TERMS = 5;

  private final Map<String, Object> settings;

  private AdapterConfig(Map<String, Object> settings) {
    this.settings = settings;
  }

  public static AdapterConfig of(Map<String, String> metadata, Path file) {
    String json = metadata.get(METADATA_KEY);
    if (json != null) {
      return new AdapterConfig(byComponent(parse(json, file + ": the header's " + METADATA_KEY)));
    }
    String beside = LoraFile.readAdapterConfig(file);
    return new AdapterConfig(
        beside.isEmpty()
            ? Map.of()
            : byComponent(parse(beside, file + ": the adapter_config.json beside it")));
  }

  /**
   * Returns settings as diffusers' pipelines write them, with the component before each key.
   * Settings of a single network have no component and apply to all.
   */
  private static Map<String, Object> byComponent(Map<String, Object> said) {
    List<String> parts =
        Stream.of(ModelComponent.values()).map(part -> part.folder() + ".").toList();
    if (said.keySet().stream().anyMatch(name -> parts.stream().anyMatch(name::startsWith))) {
      return said;
    }
    Map<String, Object> all = new LinkedHashMap<>();
    said.forEach((name, value) -> parts.forEach(part -> all.put(part + name, value)));
    return all;
  }

  private static Map<String, Object> parse(String json, String where) {
    try {
      return JSON.std.mapFrom(json);
    } catch (IOException e) {
      throw new InvalidInputException(where + " is not a JSON object; save the LoRA again", e);
    }
  }

  /** Returns the factor of a layer's delta; {@code own} is the value of its alpha key, or NaN. */
  double scale(LayerKeys keys, long rank, double own) {
    String part = componentPrefix(keys);
    double alpha = Double.isNaN(own) ? alpha(keys, part, rank) : own;
    boolean byRoot = Boolean.TRUE.equals(settings.get(part + "use_rslora"));
    return alpha / (byRoot ? Math.sqrt(rank) : rank);
  }

  /**
   * Returns the factor of a delta without low-rank factors: alpha divided by the rank of peft's
   * settings, or 1.
   */
  double scaleWithoutRank(LayerKeys keys) {
    String part = componentPrefix(keys);
    return number(keys, part, "rank_pattern", "r")
        .map(rank -> alpha(keys, part, rank.longValue()) / rank.doubleValue())
        .orElse(1.0);
  }

  /**
   * Returns the number of terms of Cayley's series for this layer, or 0 if the inverse is exact.
   */
  int cayleyTerms(LayerKeys keys) {
    String part = componentPrefix(keys);
    if (Boolean.FALSE.equals(settings.get(part + "use_cayley_neumann"))) {
      return 0;
    }
    return settings.get(part + "num_cayley_neumann_terms") instanceof Number terms
        ? terms.intValue()
        : DEFAULT_TERMS;
  }

  /**
   * Returns true if peft's IA3 scales the input of this layer. The settings decide, or without
   * settings the shape of the factors.
   */
  boolean scalesInputs(LayerKeys keys) {
    Object modules = settings.get(componentPrefix(keys) + "feedforward_modules");
    if (modules instanceof Collection<?> ends) {
      return ends.stream()
          .map(Object::toString)
          .anyMatch(end ->
              keys.names().stream().anyMatch(name -> name.equals(end) || name.endsWith("." + end)));
    }
    return modules instanceof String pattern
        ? keys.names().stream().anyMatch(name -> matchesPattern(name, pattern))
        : FactorCheck.scalesInputs(keys);
  }

  /**
   * Refuses factors whose initial values peft subtracted from the base. On the unchanged base they
   * would count twice.
   */
  public void refuseChangedBase(Path file) {
    settings.forEach((name, value) -> {
      if (name.endsWith(INIT_KEY) && CHANGED_BASE.matcher(String.valueOf(value)).matches()) {
        throw new InvalidInputException(
            file + " was trained on a base that peft had changed (its settings say " + INIT_KEY
                + " " + value
                + ") and does not work on the original base; save it again by peft's save_pretrained with"
                + " path_initial_model_for_weight_conversion (not for LoftQ), or train it with an"
                + " initialisation that leaves the base unchanged");
      }
    });
  }

  private static String componentPrefix(LayerKeys keys) {
    return keys.layer().component().folder() + ".";
  }

  private double alpha(LayerKeys keys, String part, long rank) {
    return number(keys, part, "alpha_pattern", "lora_alpha")
        .or(() -> number(keys, part, "alpha_pattern", "alpha"))
        .map(Number::doubleValue)
        .orElse((double) rank);
  }

  /**
   * Returns the value of the first pattern that matches the end of one of the layer's names, as
   * peft does, or the value for all layers.
   */
  private Optional<Number> number(LayerKeys keys, String part, String patterns, String all) {
    if (settings.get(part + patterns) instanceof Map<?, ?> said) {
      for (Map.Entry<?, ?> pattern : said.entrySet()) {
        if (pattern.getValue() instanceof Number value
            && keys.names().stream()
                .anyMatch(name -> matchesPattern(name, pattern.getKey().toString()))) {
          return Optional.of(value);
        }
      }
    }
    return settings.get(part + all) instanceof Number value ? Optional.of(value) : Optional.empty();
  }

  private static boolean matchesPattern(String path, String pattern) {
    try {
      return path.matches("(.*\\.)?(" + pattern + ")");
    } catch (PatternSyntaxException e) {
      throw new InvalidInputException(
          "the LoRA's settings have an invalid layer pattern: " + pattern + "; save it again", e);
    }
  }
}
