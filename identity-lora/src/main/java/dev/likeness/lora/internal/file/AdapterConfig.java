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
 * How strongly a file means its layers where no key says it: peft's own settings, which diffusers
 * writes as JSON into the header under {@code lora_adapter_metadata} and peft into a file beside
 * the weights. A file that says nothing means alpha = rank, as every reader takes it. LoRA's
 * settings call it {@code lora_alpha}, LoHa's and LoKr's {@code alpha}.
 */
public final class AdapterConfig {
  private static final String METADATA_KEY = "lora_adapter_metadata";
  private static final String INIT_KEY = "init_lora_weights";
  /**
   * First values that peft takes out of the base's own weights ({@code tuners/lora/layer.py}); it
   * leaves the base as it is for true, false, gaussian, eva, orthogonal and mica.
   */
  private static final Pattern CHANGED_BASE =
      Pattern.compile("(pissa|corda).*|olora|loftq|lora_ga", Pattern.CASE_INSENSITIVE);
  /** How many terms of Cayley's series peft takes where its settings say none. */
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
   * Settings as diffusers' pipelines write them, with the part before each; those of one network
   * say none and are meant for all.
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

  /** The factor of a layer's change; {@code own} is what its alpha key says, or NaN. */
  double scale(LayerKeys keys, long rank, double own) {
    String part = componentPrefix(keys);
    double alpha = Double.isNaN(own) ? alpha(keys, part, rank) : own;
    boolean byRoot = Boolean.TRUE.equals(settings.get(part + "use_rslora"));
    return alpha / (byRoot ? Math.sqrt(rank) : rank);
  }

  /**
   * The factor of a change that no factors of low rank say: what peft's own rank makes of it, else
   * 1.
   */
  double scaleWithoutRank(LayerKeys keys) {
    String part = componentPrefix(keys);
    return number(keys, part, "rank_pattern", "r")
        .map(rank -> alpha(keys, part, rank.longValue()) / rank.doubleValue())
        .orElse(1.0);
  }

  /**
   * How many terms of the series an orthogonal matrix of this layer's part is made of, or 0 where
   * it is exact.
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
   * Whether peft's IA3 scales what this layer is given, as its settings say, or where there are
   * none its factors' shape.
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
   * Fails for factors that belong on a base from which peft took what they began as: on the whole
   * one it counts twice.
   */
  public void refuseChangedBase(Path file) {
    settings.forEach((name, value) -> {
      if (name.endsWith(INIT_KEY) && CHANGED_BASE.matcher(String.valueOf(value)).matches()) {
        throw new InvalidInputException(
            file + " was trained on a base that peft had changed (its settings say " + INIT_KEY
                + " " + value
                + ") and means nothing on the base as it is; save it again by peft's save_pretrained with"
                + " path_initial_model_for_weight_conversion, which LoftQ has not, or learn"
                + " it from first values that leave the base alone");
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
   * What the first pattern that is the end of one of the layer's names says, as peft matches them,
   * else what is said of all.
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
          "the LoRA's settings have a pattern of layers that is none, " + pattern
              + "; save it again",
          e);
    }
  }
}
