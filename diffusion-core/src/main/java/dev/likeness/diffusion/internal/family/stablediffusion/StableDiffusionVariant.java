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
 * Variants of Stable Diffusion with a UNet. Values that names and shapes do not determine are in a
 * resource of the variant, from the configs of the first published checkpoint.
 */
final class StableDiffusionVariant implements Variant {
  private static final int ALL = Integer.MAX_VALUE;
  static final StableDiffusionVariant SD1 = new StableDiffusionVariant(
      "sd1",
      UNetDetector.UNetKeys::isSd1,
      List.of(new TextEncoderLocation(
          "text_encoder",
          "<|endoftext|>",
          ALL,
          false,
          "cond_stage_model.",
          "conditioner.embedders.0.")));
  static final StableDiffusionVariant SD2 = new StableDiffusionVariant(
      "sd2",
      UNetDetector.UNetKeys::isSd2,
      List.of(new TextEncoderLocation(
          "text_encoder", "!", 23, false, "cond_stage_model.", "conditioner.embedders.0.")));
  static final StableDiffusionVariant SDXL = new StableDiffusionVariant(
      "sdxl",
      UNetDetector.UNetKeys::isSdxl,
      List.of(
          new TextEncoderLocation(
              "text_encoder",
              "<|endoftext|>",
              ALL,
              false,
              "conditioner.embedders.0.",
              "cond_stage_model."),
          new TextEncoderLocation(
              "text_encoder_2",
              "!",
              ALL,
              true,
              "conditioner.embedders.1.",
              "cond_stage_model.1.")));
  static final StableDiffusionVariant REFINER = new StableDiffusionVariant(
      "sdxl-refiner",
      UNetDetector.UNetKeys::isRefiner,
      List.of(new TextEncoderLocation(
          "text_encoder_2", "!", ALL, true, "conditioner.embedders.0.", "cond_stage_model.")));

  /** The head width of variants with a fixed one. */
  private static final int HEAD_DIM = 64;

  private static final int INPAINTING = 9;

  /**
   * The position of a text encoder in a file.
   *
   * @param layers the largest number of layers that are used
   */
  private record TextEncoderLocation(
      String component, String padding, int layers, boolean hasProjection, String... prefixes) {}

  private final String name;
  private final Predicate<UNetDetector.UNetKeys> rule;
  private final List<TextEncoderLocation> textEncoders;
  private final ComponentDetector builtInOptions;

  private StableDiffusionVariant(
      String name, Predicate<UNetDetector.UNetKeys> rule, List<TextEncoderLocation> textEncoders) {
    this.name = name;
    this.rule = rule;
    this.textEncoders = textEncoders;
    this.builtInOptions = ComponentDetector.of(StableDiffusionVariant.class, name);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public boolean matches(TensorNames keys) {
    UNetDetector.UNetKeys unet = UNetDetector.UNetKeys.of(keys);
    return unet != null && rule.test(unet);
  }

  @Override
  public String pipeline(TensorNames keys) {
    return builtInOptions.text(
        UNetDetector.UNetKeys.of(keys).inChannels() == INPAINTING ? "inpainting" : "pipeline");
  }

  @Override
  public boolean option(String option) {
    return Boolean.TRUE.equals(builtInOptions("options", Map.of()).get(option));
  }

  @Override
  public List<String> components() {
    return Stream.concat(
            textEncoders.stream().map(TextEncoderLocation::component), Stream.of("unet", "vae"))
        .toList();
  }

  @Override
  public String padding(String tokenizer) {
    String component = tokenizer.replace("tokenizer", "text_encoder");
    return textEncoders.stream()
        .filter(slot -> slot.component.equals(component))
        .findFirst()
        .orElseThrow()
        .padding;
  }

  Map<String, Object> scheduler(TensorNames keys) {
    return builtInOptions(
        this == SDXL && PredictionDetector.Playground.matches(keys) ? "playground" : "scheduler",
        UNetDetector.guidanceOptions(keys, UNetDetector.UNetKeys.of(keys).prefix())
                .isEmpty()
            ? Map.of()
            : Map.of("_class_name", "LCMScheduler"));
  }

  @Override
  public Contents contents(CheckpointHeader header, Map<String, Map<String, Object>> configs) {
    PredictionDetector prediction = PredictionDetector.of(header);
    Map<String, ComponentDetector.Detected> found =
        PredictionDetector.Playground.withLatentScale(header, components(header.names(), configs));
    boolean sized = this == SD2 && !configs.containsKey("unet");
    return new Contents(
        sized ? prediction.withSampleSize(found) : found,
        prediction.applyTo(scheduler(header.names())),
        prediction.certainty());
  }

  private Map<String, ComponentDetector.Detected> components(
      TensorNames keys, Map<String, Map<String, Object>> configs) {
    Map<String, ComponentDetector.Detected> components = new LinkedHashMap<>();
    for (TextEncoderLocation slot : textEncoders) {
      addTextEncoder(components, keys, slot, configs.get(slot.component));
    }
    components.put("unet", unet(keys, configs.get("unet")));
    ComponentDetector.Detected autoencoder =
        builtInOptions.autoencoder(keys, configs.get("vae"), List.of());
    if (autoencoder != null) {
      components.put("vae", autoencoder);
    }
    return components;
  }

  @Override
  public boolean hasProjection(String component) {
    return textEncoders.stream()
        .anyMatch(slot -> slot.component.equals(component) && slot.hasProjection);
  }

  @Override
  public Map<String, Object> builtInOptions(String component, Map<String, Object> better) {
    return builtInOptions.options(component, better);
  }

  private void addTextEncoder(
      Map<String, ComponentDetector.Detected> components,
      TensorNames keys,
      TextEncoderLocation slot,
      Map<String, Object> known) {
    for (String prefix : slot.prefixes) {
      ComponentDetector.Detected found =
          builtInOptions.clip(keys, slot.component, prefix, slot.layers, slot.hasProjection, known);
      if (found != null) {
        components.put(slot.component, found);
        return;
      }
    }
  }

  private ComponentDetector.Detected unet(TensorNames keys, Map<String, Object> known) {
    String prefix = UNetDetector.UNetKeys.of(keys).prefix();
    Map<String, Object> config =
        known != null ? known : builtInOptions("unet", UNetDetector.config(keys, prefix));
    if (known == null) {
      countHeads(config, keys);
    }
    ModelConfig options = ComponentDetector.withSource(config, keys, "unet");
    return new ComponentDetector.Detected(
        "UNet2DConditionModel",
        options,
        UNetKeyFormat.of(UNetConfig.of(options)).withPrefix(prefix));
  }

  /** The config of a ControlNet in latent diffusion's names, from its shapes and its variant. */
  static Map<String, Object> controlNetConfig(TensorNames keys, String prefix) {
    Map<String, Object> shapes = UNetDetector.controlNetConfig(keys, prefix);
    boolean second = Boolean.TRUE.equals(shapes.get("use_linear_projection"))
        || ((Number) shapes.get("cross_attention_dim")).longValue()
            == UNetDetector.UNetKeys.SD2_TEXT;
    Map<String, Object> config = (shapes.containsKey("addition_embed_type")
            ? SDXL
            : second ? SD2 : SD1)
        .builtInOptions("unet", shapes);
    countHeads(config, keys);
    config.put("_class_name", "ControlNetModel");
    return config;
  }

  private static void countHeads(Map<String, Object> config, TensorNames keys) {
    List<Integer> channels = ((List<?>) config.get("block_out_channels"))
        .stream().map(Integer.class::cast).toList();
    if (!config.containsKey("attention_head_dim")) {
      if (channels.stream().anyMatch(width -> width % HEAD_DIM != 0)) {
        throw new InvalidInputException(
            keys.describe() + ": the number of attention heads is not in"
                + " the file and is unknown for a UNet of widths " + channels
                + "; give a diffusers folder; if the file is a component (--part), put its"
                + " config.json beside it");
      }
      config.put(
          "attention_head_dim", channels.stream().map(width -> width / HEAD_DIM).toList());
    }
  }

  @Override
  public String toString() {
    return name;
  }
}
