package dev.likeness.diffusion.internal.family.flux;

import dev.likeness.diffusion.internal.family.Component;
import dev.likeness.diffusion.internal.family.Family;
import dev.likeness.diffusion.internal.family.FamilyFacts;
import dev.likeness.diffusion.internal.family.flux2.Flux2Shape;
import dev.likeness.diffusion.internal.family.sd3.Sd3Shape;
import dev.likeness.diffusion.internal.family.zimage.ZImageShape;
import dev.likeness.diffusion.internal.file.KeyLayout;
import dev.likeness.diffusion.internal.file.Relaid;
import dev.likeness.diffusion.internal.file.TensorList;
import dev.likeness.diffusion.internal.text.Qwen3Shape;
import dev.likeness.diffusion.internal.text.T5Shape;
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
public final class TransformerFamily implements Family {
  public static final TransformerFamily FLUX = new TransformerFamily(
      "flux",
      new Net("FluxTransformer2DModel", FluxShape::prefix, FluxShape::config, FluxShape::layout),
      Map.of("text_encoder", new Clip("clip_l", "<|endoftext|>", false)),
      new Text("text_encoder_2", Language.T5));
  public static final TransformerFamily SD3 = new TransformerFamily(
      "sd3",
      new Net("SD3Transformer2DModel", Sd3Shape::prefix, Sd3Shape::config, Sd3Shape::layout),
      Map.of(
          "text_encoder",
          new Clip("clip_l", "<|endoftext|>", true),
          "text_encoder_2",
          new Clip("clip_g", "!", true)),
      new Text("text_encoder_3", Language.T5));
  public static final TransformerFamily FLUX2 = new TransformerFamily(
      "flux2",
      new Net(
          "Flux2Transformer2DModel", Flux2Shape::prefix, Flux2Shape::config, Flux2Shape::layout),
      Map.of(),
      new Text("text_encoder", Language.QWEN3));
  public static final TransformerFamily Z_IMAGE = new TransformerFamily(
      "z-image",
      new Net(
          "ZImageTransformer2DModel",
          ZImageShape::prefix,
          ZImageShape::config,
          ZImageShape::layout),
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
  private final FamilyFacts facts;

  /** The transformer: its class, and what tells where it begins, its config and its layout. */
  private record Net(
      String className,
      Function<TensorList, String> prefix,
      BiFunction<TensorList, String, Map<String, Object>> config,
      BiFunction<TensorList, String, KeyLayout> layout) {}

  /** A CLIP text encoder below {@code text_encoders.}. */
  private record Clip(String folder, String padding, boolean projects) {}

  /** The text encoder that is not CLIP's. */
  private record Text(String component, Language language) {}

  /**
   * Its kind: its class, where it may lie below {@code text_encoders.}, and what tells its layout
   * and config.
   */
  private enum Language {
    T5("T5EncoderModel", List.of("t5xxl"), T5Shape::layout, T5Shape::config),
    QWEN3(
        "Qwen3ForCausalLM",
        List.of("qwen3_4b", "qwen3_8b"),
        Qwen3Shape::layout,
        Qwen3Shape::config);

    private final String className;
    private final List<String> folders;
    private final BiFunction<TensorList, String, KeyLayout> layout;
    private final Function<TensorList, Map<String, Object>> config;

    Language(
        String className,
        List<String> folders,
        BiFunction<TensorList, String, KeyLayout> layout,
        Function<TensorList, Map<String, Object>> config) {
      this.className = className;
      this.folders = folders;
      this.layout = layout;
      this.config = config;
    }
  }

  private TransformerFamily(String name, Net net, Map<String, Clip> clips, Text text) {
    this.name = name;
    this.net = net;
    this.clips = clips;
    this.text = text;
    this.facts = FamilyFacts.of(name);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public boolean recognises(TensorList keys) {
    return net.prefix.apply(keys) != null;
  }

  @Override
  public String pipeline(TensorList keys) {
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
  public Map<String, Object> scheduler(TensorList keys) {
    Map<String, Object> options = facts("scheduler", Map.of());
    if (this == FLUX && !FluxShape.isGuided(keys, net.prefix.apply(keys))) {
      options.putAll(facts("unguided", Map.of()));
    }
    return options;
  }

  @Override
  public Map<String, Component> components(
      TensorList keys, Map<String, Map<String, Object>> configs) {
    Map<String, Component> components = new LinkedHashMap<>();
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
        new Component(
            net.className,
            FamilyFacts.named(config(keys, at, configs.get("transformer")), keys, "transformer"),
            net.layout.apply(keys, at)));
    put(components, "vae", facts.autoencoder(keys, configs.get("vae")));
    return components;
  }

  // A config that is known may be of another FLUX.1: whether this one was distilled its tensors
  // tell.
  private Map<String, Object> config(TensorList keys, String at, Map<String, Object> known) {
    Map<String, Object> config =
        new LinkedHashMap<>(known == null ? net.config.apply(keys, at) : known);
    if (this == FLUX) {
      config.put("guidance_embeds", FluxShape.isGuided(keys, at));
    }
    return config;
  }

  private static void put(Map<String, Component> components, String part, Component found) {
    if (found != null) {
      components.put(part, found);
    }
  }

  private Component language(TensorList keys, Map<String, Object> known) {
    for (String folder : text.language.folders) {
      for (String own : List.of(".transformer.", ".")) {
        KeyLayout found = text.language.layout.apply(keys, "text_encoders." + folder + own);
        if (found != null) {
          Map<String, Object> options =
              known != null ? known : text.language.config.apply(new Relaid(keys, found));
          return new Component(
              text.language.className, FamilyFacts.named(options, keys, text.component), found);
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
