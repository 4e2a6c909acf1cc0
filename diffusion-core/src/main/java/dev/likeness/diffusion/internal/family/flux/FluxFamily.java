package dev.likeness.diffusion.internal.family.flux;

import dev.likeness.diffusion.internal.family.ComponentDetector;
import dev.likeness.diffusion.internal.family.ModelFamily;
import dev.likeness.diffusion.internal.family.flux2.Flux2KeyFormat;
import dev.likeness.diffusion.internal.family.sd3.Sd3KeyFormat;
import dev.likeness.diffusion.internal.family.zimage.ZImageKeyFormat;
import dev.likeness.diffusion.internal.file.CanonicalTensors;
import dev.likeness.diffusion.internal.file.KeyMapping;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.text.Qwen3KeyFormat;
import dev.likeness.diffusion.internal.text.T5KeyFormat;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * The families with a transformer: transformer alone, or ComfyUI's and Stability's files with
 * everything in one. What names and shapes do not tell is in the resource of the family's name.
 */
public final class FluxFamily implements ModelFamily {
  public static final FluxFamily FLUX = new FluxFamily(
      "flux",
      new Net(
          "FluxTransformer2DModel",
          FluxKeyFormat::prefix,
          FluxKeyFormat::config,
          FluxKeyFormat::layout),
      Map.of("text_encoder", new Clip("clip_l", "<|endoftext|>", false)),
      new Text("text_encoder_2", Language.T5));
  public static final FluxFamily SD3 = new FluxFamily(
      "sd3",
      new Net(
          "SD3Transformer2DModel",
          Sd3KeyFormat::prefix,
          Sd3KeyFormat::config,
          Sd3KeyFormat::layout),
      Map.of(
          "text_encoder",
          new Clip("clip_l", "<|endoftext|>", true),
          "text_encoder_2",
          new Clip("clip_g", "!", true)),
      new Text("text_encoder_3", Language.T5));
  public static final FluxFamily FLUX2 = new FluxFamily(
      "flux2",
      new Net(
          "Flux2Transformer2DModel",
          Flux2KeyFormat::prefix,
          Flux2KeyFormat::config,
          Flux2KeyFormat::layout),
      Map.of(),
      new Text("text_encoder", Language.QWEN3));
  public static final FluxFamily Z_IMAGE = new FluxFamily(
      "z-image",
      new Net(
          "ZImageTransformer2DModel",
          ZImageKeyFormat::prefix,
          ZImageKeyFormat::config,
          ZImageKeyFormat::layout),
      Map.of(),
      new Text("text_encoder", Language.QWEN3));

  /**
   * Fill's tokens hold the mask and the masked picture too: more than twice the channels that it
   * answers with.
   */
  private static final int FILLING = 2;

  private final String name;
  private final Net net;
  private final Map<String, Clip> clips;
  private final Text text;
  private final ComponentDetector facts;

  /** The transformer: its class, and what tells where it begins, its config and its layout. */
  private record Net(
      String className,
      Function<TensorNames, String> prefix,
      BiFunction<TensorNames, String, Map<String, Object>> config,
      BiFunction<TensorNames, String, KeyMapping> layout) {}

  /** A CLIP text encoder below {@code text_encoders.}. */
  private record Clip(String folder, String padding, boolean projects) {}

  /** The text encoder that is not CLIP's. */
  private record Text(String component, Language language) {}

  /**
   * Its kind: its class, where it may lie below {@code text_encoders.}, and what tells its layout
   * and config.
   */
  private enum Language {
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

  private FluxFamily(String name, Net net, Map<String, Clip> clips, Text text) {
    this.name = name;
    this.net = net;
    this.clips = clips;
    this.text = text;
    this.facts = ComponentDetector.of(name);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public boolean recognises(TensorNames keys) {
    return net.prefix.apply(keys) != null;
  }

  @Override
  public String pipeline(TensorNames keys) {
    if (this == FLUX) {
      String at = net.prefix.apply(keys);
      long in = keys.shape(at + "img_in.weight")[1];
      long out = keys.shape(at + "final_layer.linear.weight")[0];
      return facts.text(in > FILLING * out ? "filling" : "pipeline");
    }
    return facts.text("pipeline");
  }

  @Override
  public boolean option(String option) {
    return false;
  }

  @Override
  public String padding(String tokenizer) {
    return clips.get(tokenizer.replace("tokenizer", "text_encoder")).padding;
  }

  @Override
  public Map<String, Object> scheduler(TensorNames keys) {
    Map<String, Object> options = facts("scheduler", Map.of());
    if (this == FLUX && !FluxKeyFormat.isGuided(keys, net.prefix.apply(keys))) {
      options.putAll(facts("unguided", Map.of()));
    }
    return options;
  }

  @Override
  public Map<String, ComponentDetector.Detected> components(
      TensorNames keys, Map<String, Map<String, Object>> configs) {
    Map<String, ComponentDetector.Detected> components = new LinkedHashMap<>();
    clips.keySet().stream()
        .sorted()
        .forEach(part -> put(
            components,
            part,
            facts.clip(
                keys,
                part,
                "text_encoders." + clips.get(part).folder + ".",
                Integer.MAX_VALUE,
                clips.get(part).projects,
                configs.get(part))));
    put(components, text.component, language(keys, configs.get(text.component)));
    String at = net.prefix.apply(keys);
    components.put(
        "transformer",
        new ComponentDetector.Detected(
            net.className,
            ComponentDetector.named(
                config(keys, at, configs.get("transformer")), keys, "transformer"),
            net.layout.apply(keys, at)));
    put(components, "vae", facts.autoencoder(keys, configs.get("vae")));
    return components;
  }

  // A config that is known may be of another FLUX.1: whether this one was distilled its tensors
  // tell.
  private Map<String, Object> config(TensorNames keys, String at, Map<String, Object> known) {
    Map<String, Object> config =
        new LinkedHashMap<>(known == null ? net.config.apply(keys, at) : known);
    if (this == FLUX) {
      config.put("guidance_embeds", FluxKeyFormat.isGuided(keys, at));
    }
    return config;
  }

  private static void put(
      Map<String, ComponentDetector.Detected> components,
      String part,
      ComponentDetector.Detected found) {
    if (found != null) {
      components.put(part, found);
    }
  }

  private ComponentDetector.Detected language(TensorNames keys, Map<String, Object> known) {
    for (String folder : text.language.folders) {
      for (String own : List.of(".transformer.", ".")) {
        KeyMapping found = text.language.layout.apply(keys, "text_encoders." + folder + own);
        if (found != null) {
          Map<String, Object> options =
              known != null ? known : text.language.config.apply(new CanonicalTensors(keys, found));
          return new ComponentDetector.Detected(
              text.language.className,
              ComponentDetector.named(options, keys, text.component),
              found);
        }
      }
    }
    return null;
  }

  @Override
  public List<String> parts() {
    List<String> parts = new ArrayList<>(clips.keySet().stream().sorted().toList());
    parts.addAll(List.of(text.component, "transformer", "vae"));
    return parts;
  }

  @Override
  public Map<String, Object> facts(String component, Map<String, Object> better) {
    return facts.options(component, better);
  }

  @Override
  public boolean projects(String component) {
    return clips.containsKey(component) && clips.get(component).projects;
  }

  @Override
  public String toString() {
    return name;
  }
}
