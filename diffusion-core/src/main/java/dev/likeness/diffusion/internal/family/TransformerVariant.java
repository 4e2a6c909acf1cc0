package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.internal.file.CanonicalTensors;
import dev.likeness.diffusion.internal.file.KeyMapping;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.text.Qwen3Config.Qwen3KeyFormat;
import dev.likeness.diffusion.internal.text.T5KeyFormat;
import dev.likeness.diffusion.internal.vae.AutoencoderKind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * A variant with a transformer: a file of the transformer alone, or ComfyUI's and Stability AI's
 * files with all components. Values that names and shapes do not determine are in a resource beside
 * the family.
 */
public class TransformerVariant implements Variant {
  private final String name;
  private final Transformer transformer;
  private final Map<String, Clip> clips;
  private final Text text;
  private final List<AutoencoderKind> autoencoders;
  private final ComponentDetector builtInOptions;

  /** The transformer: its class, and functions for its prefix, configuration and key mapping. */
  public record Transformer(
      String className,
      Function<TensorNames, String> prefix,
      BiFunction<TensorNames, String, Map<String, Object>> config,
      BiFunction<TensorNames, String, KeyMapping> layout) {}

  /** A CLIP text encoder below {@code text_encoders.}. */
  public record Clip(String folder, String padding, boolean hasProjection) {}

  /** The text encoder other than CLIP. */
  public record Text(String component, Language language) {}

  /**
   * The kind of text encoder: its class, its folders below {@code text_encoders.}, and functions
   * for its key mapping and configuration.
   */
  public enum Language {
    T5("T5EncoderModel", List.of("t5xxl"), T5KeyFormat::layout, T5KeyFormat::config),
    QWEN3(
        "Qwen3ForCausalLM",
        List.of("qwen3_4b", "qwen3_8b"),
        Qwen3KeyFormat::layout,
        Qwen3KeyFormat::config);

    private final String className;
    private final List<String> folders;
    private final BiFunction<TensorNames, String, KeyMapping> layout;
    private final Function<TensorNames, Map<String, Object>> config;

    Language(
        String className,
        List<String> folders,
        BiFunction<TensorNames, String, KeyMapping> layout,
        Function<TensorNames, Map<String, Object>> config) {
      this.className = className;
      this.folders = folders;
      this.layout = layout;
      this.config = config;
    }
  }

  /**
   * A variant.
   *
   * @param beside a class of the family, beside which the resource {@code name.json} lies
   * @param autoencoders autoencoder classes of this family only
   */
  public TransformerVariant(
      Class<?> beside,
      String name,
      Transformer transformer,
      Map<String, Clip> clips,
      Text text,
      List<AutoencoderKind> autoencoders) {
    this.name = name;
    this.transformer = transformer;
    this.clips = clips;
    this.text = text;
    this.autoencoders = autoencoders;
    this.builtInOptions = ComponentDetector.of(beside, name);
  }

  @Override
  public final String name() {
    return name;
  }

  /** The prefix of the transformer's keys. */
  protected final String prefix(TensorNames names) {
    return transformer.prefix.apply(names);
  }

  @Override
  public final boolean matches(TensorNames names) {
    return prefix(names) != null;
  }

  @Override
  public String pipeline(TensorNames names) {
    return text("pipeline");
  }

  /** A text of the resource. */
  protected final String text(String fact) {
    return builtInOptions.text(fact);
  }

  @Override
  public final boolean option(String option) {
    return false;
  }

  @Override
  public final String padding(String tokenizer) {
    return clips.get(tokenizer.replace("tokenizer", "text_encoder")).padding;
  }

  /** The scheduler options for such a file. */
  protected Map<String, Object> scheduler(TensorNames names) {
    return builtInOptions("scheduler", Map.of());
  }

  /** Returns the source of the prediction type. */
  protected Certainty prediction() {
    return Certainty.ASSUMED;
  }

  @Override
  public final Contents contents(
      CheckpointHeader header, Map<String, Map<String, Object>> configs) {
    TensorNames names = header.names();
    Map<String, ComponentDetector.Detected> components = new LinkedHashMap<>();
    clips.keySet().stream()
        .sorted()
        .forEach(component -> put(
            components,
            component,
            builtInOptions.clip(
                names,
                component,
                "text_encoders." + clips.get(component).folder + ".",
                Integer.MAX_VALUE,
                clips.get(component).hasProjection,
                configs.get(component))));
    put(components, text.component, language(names, configs.get(text.component)));
    String at = prefix(names);
    components.put(
        "transformer",
        new ComponentDetector.Detected(
            transformer.className,
            ComponentDetector.withSource(
                config(names, at, configs.get("transformer")), names, "transformer"),
            transformer.layout.apply(names, at)));
    put(components, "vae", builtInOptions.autoencoder(names, configs.get("vae"), autoencoders));
    return new Contents(components, scheduler(names), prediction());
  }

  /**
   * The transformer's configuration.
   *
   * @param at the prefix of its keys
   * @param known a configuration that replaces the detected one, or null
   */
  protected Map<String, Object> config(TensorNames names, String at, Map<String, Object> known) {
    return new LinkedHashMap<>(known == null ? transformer.config.apply(names, at) : known);
  }

  private static void put(
      Map<String, ComponentDetector.Detected> components,
      String component,
      ComponentDetector.Detected found) {
    if (found != null) {
      components.put(component, found);
    }
  }

  private ComponentDetector.Detected language(TensorNames names, Map<String, Object> known) {
    for (String folder : text.language.folders) {
      for (String own : List.of(".transformer.", ".")) {
        KeyMapping found = text.language.layout.apply(names, "text_encoders." + folder + own);
        if (found != null) {
          Map<String, Object> options = known != null
              ? known
              : text.language.config.apply(new CanonicalTensors(names, found));
          return new ComponentDetector.Detected(
              text.language.className,
              ComponentDetector.withSource(options, names, text.component),
              found);
        }
      }
    }
    return null;
  }

  @Override
  public final List<String> components() {
    List<String> names = new ArrayList<>(clips.keySet().stream().sorted().toList());
    names.addAll(List.of(text.component, "transformer", "vae"));
    return names;
  }

  @Override
  public final Map<String, Object> builtInOptions(String component, Map<String, Object> better) {
    return builtInOptions.options(component, better);
  }

  @Override
  public final boolean hasProjection(String component) {
    return clips.containsKey(component) && clips.get(component).hasProjection;
  }

  @Override
  public final String toString() {
    return name;
  }
}
