package dev.likeness.diffusion.model;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.layout.AutoencoderShape;
import dev.likeness.diffusion.layout.FluxShape;
import dev.likeness.diffusion.layout.KeyLayout;
import dev.likeness.diffusion.layout.Relaid;
import dev.likeness.diffusion.layout.Sd3Shape;
import dev.likeness.diffusion.layout.T5Shape;
import dev.likeness.diffusion.layout.TextShape;
import dev.likeness.diffusion.weights.ModelConfig;
import dev.likeness.diffusion.weights.TensorList;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * The families with a transformer, FLUX.1 and Stable Diffusion 3: transformer alone, or ComfyUI's and Stability's files
 * with everything in one. What names and shapes do not tell is in the resource of the family's name.
 */
final class TransformerFamily implements Family {
  static final TransformerFamily FLUX = new TransformerFamily("flux", "FluxTransformer2DModel", FluxShape::prefix,
      FluxShape::config, FluxShape::layout, Map.of("text_encoder", new Clip("clip_l", "<|endoftext|>", false)),
      "text_encoder_2");
  static final TransformerFamily SD3 = new TransformerFamily("sd3", "SD3Transformer2DModel", Sd3Shape::prefix,
      Sd3Shape::config, Sd3Shape::layout, Map.of("text_encoder", new Clip("clip_l", "<|endoftext|>", true),
          "text_encoder_2", new Clip("clip_g", "!", true)), "text_encoder_3");

  /** Fill's tokens hold the mask and the masked picture too: more than twice the channels that it answers with. */
  private static final int FILLING = 2;

  private final String name;
  private final String className;
  private final Function<TensorList, String> prefix;
  private final BiFunction<TensorList, String, Map<String, Object>> config;
  private final BiFunction<TensorList, String, KeyLayout> layout;
  private final Map<String, Clip> clips;
  private final String t5;
  private final Map<String, Object> facts;

  /** A CLIP text encoder below {@code text_encoders.}. */
  private record Clip(String folder, String padding, boolean projects) { }

  private TransformerFamily(String name, String className, Function<TensorList, String> prefix,
      BiFunction<TensorList, String, Map<String, Object>> config, BiFunction<TensorList, String, KeyLayout> layout,
      Map<String, Clip> clips, String t5) {
    this.name = name;
    this.className = className;
    this.prefix = prefix;
    this.config = config;
    this.layout = layout;
    this.clips = clips;
    this.t5 = t5;
    this.facts = facts(name);
  }

  private static Map<String, Object> facts(String name) {
    try (InputStream in = TransformerFamily.class.getResourceAsStream(name + ".json")) {
      return JSON.std.mapFrom(in);
    } catch (IOException e) {
      throw new UncheckedIOException("the built-in configuration of " + name + " cannot be read", e);
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public boolean recognises(TensorList keys) {
    return prefix.apply(keys) != null;
  }

  @Override
  public String pipeline(TensorList keys) {
    if (this == FLUX) {
      String at = prefix.apply(keys);
      long in = keys.shape(at + "img_in.weight")[1];
      long out = keys.shape(at + "final_layer.linear.weight")[0];
      return facts.get(in > FILLING * out ? "filling" : "pipeline").toString();
    }
    return facts.get("pipeline").toString();
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
  public Map<String, Object> scheduler(TensorList keys, Map<String, String> metadata) {
    Map<String, Object> options = facts("scheduler", Map.of());
    if (this == FLUX && !FluxShape.isGuided(keys, prefix.apply(keys))) {
      options.putAll(facts("unguided", Map.of()));
    }
    return options;
  }

  @Override
  public Map<String, Component> components(TensorList keys, Map<String, Map<String, Object>> configs) {
    Map<String, Component> components = new LinkedHashMap<>();
    clips.keySet().stream().sorted().forEach(part -> addClip(components, keys, part, configs.get(part)));
    addT5(components, keys, configs.get(t5));
    String at = prefix.apply(keys);
    Map<String, Object> known = configs.get("transformer");
    components.put("transformer", new Component(className,
        named(known == null ? config.apply(keys, at) : known, keys, "transformer"), layout.apply(keys, at)));
    addAutoencoder(components, keys, configs.get("vae"));
    return components;
  }

  @Override
  public List<String> parts() {
    List<String> parts = new ArrayList<>(clips.keySet().stream().sorted().toList());
    parts.addAll(List.of(t5, "transformer", "vae"));
    return parts;
  }

  private void addClip(Map<String, Component> components, TensorList keys, String part, Map<String, Object> known) {
    Clip clip = clips.get(part);
    KeyLayout found = TextShape.layout(keys, "text_encoders." + clip.folder + ".", Integer.MAX_VALUE, clip.projects);
    if (found != null) {
      Map<String, Object> options = known != null ? known
          : facts(part, TextShape.config(new Relaid(keys, found), clip.projects));
      components.put(part, new Component(clip.projects ? "CLIPTextModelWithProjection" : "CLIPTextModel",
          named(options, keys, part), found));
    }
  }

  private void addT5(Map<String, Component> components, TensorList keys, Map<String, Object> known) {
    for (String own : List.of("transformer.", "")) {
      KeyLayout found = T5Shape.layout(keys, "text_encoders.t5xxl." + own);
      if (found != null) {
        Map<String, Object> options = known != null ? known : T5Shape.config(new Relaid(keys, found));
        components.put(t5, new Component("T5EncoderModel", named(options, keys, t5), found));
      }
    }
  }

  private void addAutoencoder(Map<String, Component> components, TensorList keys, Map<String, Object> known) {
    for (String own : List.of("first_stage_model.", "vae.")) {
      KeyLayout found = AutoencoderShape.layout(keys, own);
      if (found != null) {
        Map<String, Object> options = known != null ? known : facts("vae", AutoencoderShape.config(new Relaid(keys, found)));
        components.put("vae", new Component("AutoencoderKL", named(options, keys, "vae"), found));
      }
    }
  }

  @Override
  public Map<String, Object> facts(String component, Map<String, Object> better) {
    Map<String, Object> all = new LinkedHashMap<>();
    if (facts.get(component) instanceof Map<?, ?> known) {
      known.forEach((option, value) -> all.put(option.toString(), value));
    }
    all.putAll(better);
    return all;
  }

  @Override
  public boolean projects(String component) {
    return clips.containsKey(component) && clips.get(component).projects;
  }

  private static ModelConfig named(Map<String, Object> config, TensorList keys, String component) {
    return ModelConfig.of(config, keys.describe() + " (" + component + ")");
  }

  @Override
  public String toString() {
    return name;
  }
}
