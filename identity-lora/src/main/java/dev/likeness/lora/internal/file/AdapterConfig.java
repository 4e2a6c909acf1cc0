package dev.likeness.lora.internal.file;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.file.Quoted;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The alphas and other settings of peft, for layers without an alpha key. diffusers writes them as
 * JSON into the metadata under {@code lora_adapter_metadata}; peft writes them into a file beside
 * the weights. Without settings, alpha equals the rank, as in every other reader. LoRA's settings
 * call it {@code lora_alpha}, those of LoHa and LoKr {@code alpha}.
 */
public final class AdapterConfig {
  private static final String METADATA_KEY = "lora_adapter_metadata";
  /** The beginning of the names that OneTrainer's metadata have. */
  private static final String ONE_TRAINER = "ot_";

  private static final String INIT_KEY = "init_lora_weights";
  /**
   * Initial values that peft computes from the base's own weights ({@code tuners/lora/layer.py}).
   * peft does not change the base for true, false, gaussian, eva, orthogonal and mica.
   */
  private static final Pattern CHANGED_BASE =
      Pattern.compile("(pissa|corda).*|olora|loftq|lora_ga", Pattern.CASE_INSENSITIVE);
  /** The number that AdaLoRA adds to a rank before it divides by it ({@code SVDLinear} of peft). */
  private static final double ADALORA_EPS = 1e-5;
  /** The number of terms of Cayley's series if peft's settings have none: its default. */
  private static final int DEFAULT_TERMS = 5;

  /** The most terms: the series of a matrix below norm 1 has converged long before. */
  private static final int MOST_TERMS = 100;
  /** The most layer patterns of a file; a large base has about 1,500 layers. */
  private static final int MOST_PATTERNS = 10_000;

  private final Map<String, Object> settings;
  private final boolean oneTrainers;
  /** The file and place of the settings, for messages. */
  private final String where;

  private final Map<String, LayerPattern> patterns = new HashMap<>();
  /** The values of patterns that were found, by setting and layer. */
  private final Map<List<String>, Optional<Number>> matched = new HashMap<>();

  private int states;

  private AdapterConfig(Map<String, Object> settings, boolean oneTrainers, String where) {
    this.settings = settings;
    this.oneTrainers = oneTrainers;
    this.where = where;
  }

  /**
   * Reads the settings of a file.
   *
   * @throws InvalidInputException if they are no JSON object
   */
  public static AdapterConfig of(Map<String, String> metadata, Path file) {
    String json = metadata.get(METADATA_KEY);
    String where = file
        + (json == null
            ? ": the adapter_config.json beside it"
            : ": the metadata's " + METADATA_KEY);
    String text = json == null ? LoraFile.readAdapterConfig(file) : json;
    return new AdapterConfig(
        text.isEmpty() ? Map.of() : byComponent(parse(text, where)),
        metadata.keySet().stream().anyMatch(name -> name.startsWith(ONE_TRAINER)),
        where);
  }

  /**
   * Returns settings as diffusers' pipelines write them, with the component before each key.
   * Settings of a single network have no component and apply to all.
   */
  private static Map<String, Object> byComponent(Map<String, Object> said) {
    List<String> prefixes = Stream.of(ModelComponent.values())
        .map(component -> component.folder() + ".")
        .toList();
    if (said.keySet().stream().anyMatch(name -> prefixes.stream().anyMatch(name::startsWith))) {
      return said;
    }
    Map<String, Object> all = new LinkedHashMap<>();
    said.forEach((name, value) -> prefixes.forEach(prefix -> all.put(prefix + name, value)));
    return all;
  }

  private static Map<String, Object> parse(String json, String where) {
    try {
      Map<String, Object> read = JSON.std.mapFrom(json);
      if (read == null) {
        throw new InvalidInputException(where + " is not a JSON object; save the LoRA again");
      }
      return read;
    } catch (IOException e) {
      throw new InvalidInputException(where + " is not a JSON object; save the LoRA again", e);
    }
  }

  /** Returns true if the metadata says that OneTrainer wrote the file. */
  boolean isOneTrainers() {
    return oneTrainers;
  }

  /** Returns the factor of a layer's delta; {@code own} is the value of its alpha key, or NaN. */
  double scale(LayerTensors keys, long rank, double own) {
    String prefix = componentPrefix(keys);
    double alpha = Double.isNaN(own) ? alpha(keys, prefix, rank) : own;
    if (keys.has(LoraRole.SINGULAR_VALUES)) {
      // AdaLoRA divides by the first rank, whatever rank is left (peft, tuners/adalora/layer.py).
      double first = setting(prefix + "init_r").map(Number::doubleValue).orElse((double) rank);
      return requireFinite((alpha > 0 ? alpha : rank) / (first + ADALORA_EPS), keys);
    }
    boolean byRoot = Boolean.TRUE.equals(settings.get(prefix + "use_rslora"));
    return requireFinite(alpha / (byRoot ? Math.sqrt(rank) : rank), keys);
  }

  /**
   * Returns the factor of a delta without low-rank factors: alpha divided by the rank of peft's
   * settings, or 1.
   */
  double scaleWithoutRank(LayerTensors keys) {
    String prefix = componentPrefix(keys);
    return pattern(keys, prefix + "rank_pattern")
        .or(() -> setting(prefix + "r"))
        .map(
            rank -> requireFinite(alpha(keys, prefix, rank.longValue()) / rank.doubleValue(), keys))
        .orElse(1.0);
  }

  /** A rank of zero and the largest numbers of JSON give factors that are no numbers. */
  private double requireFinite(double scale, LayerTensors keys) {
    if (!Double.isFinite((float) scale)) {
      throw new InvalidInputException(
          where + ": alpha and rank of " + keys.layer().name() + " give the factor " + scale
              + ", expected a finite number; save the LoRA again");
    }
    return scale;
  }

  /**
   * Returns the number of terms of Cayley's series for this layer, or 0 if the inverse is exact.
   *
   * @throws InvalidInputException if the settings ask for no whole number from 1 to
   *     {@value #MOST_TERMS}
   */
  int cayleyTerms(LayerTensors keys) {
    String prefix = componentPrefix(keys);
    if (Boolean.FALSE.equals(settings.get(prefix + "use_cayley_neumann"))) {
      return 0;
    }
    String name = prefix + "num_cayley_neumann_terms";
    double terms = setting(name).map(Number::doubleValue).orElse((double) DEFAULT_TERMS);
    if (!(terms >= 1 && terms <= MOST_TERMS) || terms != Math.rint(terms)) {
      throw new InvalidInputException(where + ": num_cayley_neumann_terms is "
          + Quoted.of(String.valueOf(settings.get(name))) + ", expected a whole number from 1 to "
          + MOST_TERMS + "; save the LoRA again");
    }
    return (int) terms;
  }

  /**
   * Returns true if peft's IA3 scales the input of this layer. The settings decide, or without
   * settings the shape of the factors.
   */
  boolean scalesInputs(LayerTensors keys) {
    Object modules = settings.get(componentPrefix(keys) + "feedforward_modules");
    if (modules instanceof Collection<?> ends) {
      return ends.stream()
          .map(Object::toString)
          .anyMatch(end ->
              keys.names().stream().anyMatch(name -> name.equals(end) || name.endsWith("." + end)));
    }
    return modules instanceof String pattern
        ? keys.names().stream().anyMatch(compiled(pattern)::matches)
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
            file + " was trained on a base that peft had changed (" + INIT_KEY
                + " is " + Quoted.of(String.valueOf(value))
                + ") and does not work on the original base; save the LoRA again by peft's"
                + " save_pretrained with path_initial_model_for_weight_conversion (impossible for"
                + " LoftQ), or train the LoRA with an initialisation that leaves the base"
                + " unchanged");
      }
    });
  }

  private static String componentPrefix(LayerTensors keys) {
    return keys.layer().component().folder() + ".";
  }

  private double alpha(LayerTensors keys, String prefix, long rank) {
    return pattern(keys, prefix + "alpha_pattern")
        .or(() -> setting(prefix + "lora_alpha"))
        .or(() -> setting(prefix + "alpha"))
        .map(Number::doubleValue)
        .orElse((double) rank);
  }

  /** Returns a number of the settings; empty if it is not there, or null. */
  private Optional<Number> setting(String name) {
    Object value = settings.get(name);
    if (value != null && !(value instanceof Number)) {
      throw new InvalidInputException(where + ": " + name + " is "
          + Quoted.of(String.valueOf(value)) + ", expected a number; save the LoRA again");
    }
    return Optional.ofNullable((Number) value);
  }

  /**
   * Returns the value of the first pattern that matches the end of one of the layer's names, as
   * peft does.
   */
  private Optional<Number> pattern(LayerTensors keys, String setting) {
    if (!(settings.get(setting) instanceof Map<?, ?> values) || values.isEmpty()) {
      return Optional.empty();
    }
    return matched.computeIfAbsent(List.of(setting, keys.layer().name()), layer -> {
      Collection<String> names = keys.names();
      for (Map.Entry<?, ?> one : values.entrySet()) {
        if (one.getValue() instanceof Number value
            && names.stream().anyMatch(compiled(one.getKey().toString())::matches)) {
          return Optional.of(value);
        }
      }
      return Optional.empty();
    });
  }

  /** The limits of all patterns together bound the time for a file. */
  private LayerPattern compiled(String pattern) {
    LayerPattern known = patterns.get(pattern);
    if (known == null) {
      known = LayerPattern.parse(pattern, where);
      patterns.put(pattern, known);
      states += known.states();
      if (states > LayerPattern.MOST_STATES || patterns.size() > MOST_PATTERNS) {
        throw new InvalidInputException(where + " has too many layer patterns ("
            + patterns.size() + ") or too many states in them (" + states + "), expected at most "
            + MOST_PATTERNS + " patterns and " + LayerPattern.MOST_STATES
            + " states; save the LoRA again");
      }
    }
    return known;
  }
}
