package dev.likeness.diffusion.internal.family.stablediffusion;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.family.CheckpointHeader;
import dev.likeness.diffusion.internal.family.ComponentDetector;
import dev.likeness.diffusion.internal.family.Variant;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.nn.unet.UNetConfig;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * The families of Stable Diffusion with a UNet. What names and shapes do not tell is in the
 * resource of the family's name, taken from the first published checkpoint's own configs.
 */
final class StableDiffusionVariant implements Variant {
  private static final int ALL = Integer.MAX_VALUE;
  static final StableDiffusionVariant SD1 = new StableDiffusionVariant(
      "sd1",
      UNetDetector.UNetKeys::isSd1,
      List.of(new Slot(
          "text_encoder",
          "<|endoftext|>",
          ALL,
          false,
          "cond_stage_model.",
          "conditioner.embedders.0.")));
  static final StableDiffusionVariant SD2 = new StableDiffusionVariant(
      "sd2",
      UNetDetector.UNetKeys::isSd2,
      List.of(new Slot(
          "text_encoder", "!", 23, false, "cond_stage_model.", "conditioner.embedders.0.")));
  static final StableDiffusionVariant SDXL = new StableDiffusionVariant(
      "sdxl",
      UNetDetector.UNetKeys::isSdxl,
      List.of(
          new Slot(
              "text_encoder",
              "<|endoftext|>",
              ALL,
              false,
              "conditioner.embedders.0.",
              "cond_stage_model."),
          new Slot(
              "text_encoder_2",
              "!",
              ALL,
              true,
              "conditioner.embedders.1.",
              "cond_stage_model.1.")));
  static final StableDiffusionVariant REFINER = new StableDiffusionVariant(
      "sdxl-refiner",
      UNetDetector.UNetKeys::isRefiner,
      List.of(new Slot(
          "text_encoder_2", "!", ALL, true, "conditioner.embedders.0.", "cond_stage_model.")));

  /** Heads are this wide in the families that do not count them. */
  private static final int HEAD = 64;

  private static final int INPAINTING = 9;

  /**
   * Where a family keeps a text encoder.
   *
   * @param layers how many of its layers it runs at most
   */
  private record Slot(
      String component, String padding, int layers, boolean projects, String... prefixes) {}

  private final String name;
  private final Predicate<UNetDetector.UNetKeys> rule;
  private final List<Slot> slots;
  private final ComponentDetector facts;

  private StableDiffusionVariant(
      String name, Predicate<UNetDetector.UNetKeys> rule, List<Slot> slots) {
    this.name = name;
    this.rule = rule;
    this.slots = slots;
    this.facts = ComponentDetector.of(StableDiffusionVariant.class, name);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public boolean recognises(TensorNames keys) {
    UNetDetector.UNetKeys unet = UNetDetector.UNetKeys.of(keys);
    return unet != null && rule.test(unet);
  }

  @Override
  public String pipeline(TensorNames keys) {
    return facts.text(
        UNetDetector.UNetKeys.of(keys).inChannels() == INPAINTING ? "inpainting" : "pipeline");
  }

  @Override
  public boolean option(String option) {
    return Boolean.TRUE.equals(facts("options", Map.of()).get(option));
  }

  @Override
  public List<String> components() {
    return Stream.concat(slots.stream().map(Slot::component), Stream.of("unet", "vae"))
        .toList();
  }

  @Override
  public String padding(String tokenizer) {
    String component = tokenizer.replace("tokenizer", "text_encoder");
    return slots.stream()
        .filter(slot -> slot.component.equals(component))
        .findFirst()
        .orElseThrow()
        .padding;
  }

  Map<String, Object> scheduler(TensorNames keys) {
    return facts(
        this == SDXL && PredictionDetector.Playground.is(keys) ? "playground" : "scheduler",
        UNetDetector.guidance(keys, UNetDetector.UNetKeys.of(keys).prefix()).isEmpty()
            ? Map.of()
            : Map.of("_class_name", "LCMScheduler"));
  }

  @Override
  public Contents contents(CheckpointHeader header, Map<String, Map<String, Object>> configs) {
    PredictionDetector prediction = PredictionDetector.of(header);
    Map<String, ComponentDetector.Detected> found =
        PredictionDetector.Playground.scaled(header, components(header.names(), configs));
    boolean sized = this == SD2 && !configs.containsKey("unet");
    return new Contents(
        sized ? prediction.sized(found) : found,
        prediction.applied(scheduler(header.names())),
        prediction.source());
  }

  private Map<String, ComponentDetector.Detected> components(
      TensorNames keys, Map<String, Map<String, Object>> configs) {
    Map<String, ComponentDetector.Detected> components = new LinkedHashMap<>();
    for (Slot slot : slots) {
      addText(components, keys, slot, configs.get(slot.component));
    }
    components.put("unet", unet(keys, configs.get("unet")));
    ComponentDetector.Detected autoencoder = facts.autoencoder(keys, configs.get("vae"), List.of());
    if (autoencoder != null) {
      components.put("vae", autoencoder);
    }
    return components;
  }

  @Override
  public boolean projects(String component) {
    return slots.stream().anyMatch(slot -> slot.component.equals(component) && slot.projects);
  }

  @Override
  public Map<String, Object> facts(String component, Map<String, Object> better) {
    return facts.options(component, better);
  }

  private void addText(
      Map<String, ComponentDetector.Detected> components,
      TensorNames keys,
      Slot slot,
      Map<String, Object> known) {
    for (String prefix : slot.prefixes) {
      ComponentDetector.Detected found =
          facts.clip(keys, slot.component, prefix, slot.layers, slot.projects, known);
      if (found != null) {
        components.put(slot.component, found);
        return;
      }
    }
  }

  private ComponentDetector.Detected unet(TensorNames keys, Map<String, Object> known) {
    String prefix = UNetDetector.UNetKeys.of(keys).prefix();
    Map<String, Object> config =
        known != null ? known : facts("unet", UNetDetector.config(keys, prefix));
    if (known == null) {
      countHeads(config, keys);
    }
    ModelConfig options = ComponentDetector.named(config, keys, "unet");
    return new ComponentDetector.Detected(
        "UNet2DConditionModel",
        options,
        UNetKeyFormat.of(UNetConfig.of(options)).under(prefix));
  }

  /**
   * The config of a ControlNet in latent diffusion's naming: what its shapes tell, and the facts of
   * the family that it is for.
   */
  static Map<String, Object> control(TensorNames keys, String prefix) {
    Map<String, Object> shapes = UNetDetector.control(keys, prefix);
    boolean second = Boolean.TRUE.equals(shapes.get("use_linear_projection"))
        || ((Number) shapes.get("cross_attention_dim")).longValue()
            == UNetDetector.UNetKeys.SD2_TEXT;
    Map<String, Object> config = (shapes.containsKey("addition_embed_type")
            ? SDXL
            : second ? SD2 : SD1)
        .facts("unet", shapes);
    countHeads(config, keys);
    config.put("_class_name", "ControlNetModel");
    return config;
  }

  private static void countHeads(Map<String, Object> config, TensorNames keys) {
    List<Integer> channels = ((List<?>) config.get("block_out_channels"))
        .stream().map(Integer.class::cast).toList();
    if (!config.containsKey("attention_head_dim")) {
      if (channels.stream().anyMatch(width -> width % HEAD != 0)) {
        throw new InvalidInputException(
            keys.describe() + ": a UNet of widths " + channels
                + " has an unknown number of heads, which the file does not tell; give a diffusers folder, or its config");
      }
      config.put(
          "attention_head_dim", channels.stream().map(width -> width / HEAD).toList());
    }
  }

  @Override
  public String toString() {
    return name;
  }
}
