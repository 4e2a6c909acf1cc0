package dev.likeness.diffusion.internal.model;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.ModelConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * What a base model's folder brings beside the networks of its pipeline: {@linkplain Extra files at
 * fixed places}, and how the model is used, declared in {@value #FILE}. A folder without that file,
 * and a model in a single file, have {@link #PLAIN}. Immutable.
 *
 * @param folder the model's folder; empty for a single file
 * @param photographs whether the model was trained on photographs: then prompts may name a lens
 * @param rareToken whether a person is learned as a rare token; otherwise the words for their looks
 *     stand for them
 * @param styleFamily the family that styles call the model by; empty for that of its networks
 * @param upscaling how images are enlarged
 * @param training how the model is trained; empty for the recipe of its family
 */
public record ModelExtras(
    Optional<Path> folder,
    boolean photographs,
    boolean rareToken,
    Optional<String> styleFamily,
    Upscaling upscaling,
    Optional<Training> training) {
  /** The file in a model's folder that declares how the model is used. */
  public static final String FILE = "likeness.json";

  /** What a model has that brings and declares nothing. */
  public static final ModelExtras PLAIN = new ModelExtras(
      Optional.empty(), true, true, Optional.empty(), Upscaling.PLAIN, Optional.empty());

  private static final Pattern FAMILY = Pattern.compile("[a-z0-9]+(-[a-z0-9]+)*");

  /** A file or folder that a model's folder may hold beside the networks of its pipeline. */
  public enum Extra {
    /** The network that reads words from photos and generated images. */
    PHOTO_READER("photo_reader", "config.json"),
    /** The face embedder that measures likeness. */
    FACE_EMBEDDER("face_embedder", "config.json"),
    /** The small autoencoder that decodes previews, and through which face guidance sees faces. */
    PREVIEW_DECODER("preview", ""),
    /** The thresholds of scores that differ from the built-in ones. */
    SCORE_LIMITS("score_limits.json", ""),
    /** The IP-Adapter for people. */
    IP_ADAPTER("ip_adapter/ip-adapter.safetensors", ""),
    /** The face embedder of that adapter; face guidance uses it too. */
    IP_ADAPTER_EMBEDDER("ip_adapter/face_embedder", "config.json"),
    /** The IP-Adapter for whole images, which looks through {@link #IMAGE_ENCODER}. */
    IMAGE_IP_ADAPTER("ip_adapter/ip-adapter-image.safetensors", ""),
    /** The image encoder of IP-Adapters. */
    IMAGE_ENCODER("image_encoder", ""),
    /** A face embedder for face guidance alone. */
    GUIDANCE_EMBEDDER("guidance/face_embedder", "config.json"),
    /** The latent consistency LoRA, for sampling in few steps. */
    FEW_STEP_LORA("lora/few-step.safetensors", "");

    private final String path;
    private final String signature;

    Extra(String path, String sign) {
      this.path = path;
      this.signature = sign;
    }

    /** Where it belongs in {@code folder}, whether it is there or not. */
    public Path at(Path folder) {
      return folder.resolve(path);
    }

    /** Where it is in {@code folder}; empty where the folder does not hold it. */
    public Optional<Path> in(Path folder) {
      Path place = at(folder);
      return Files.exists(signature.isEmpty() ? place : place.resolve(signature))
          ? Optional.of(place)
          : Optional.empty();
    }
  }

  /**
   * How an image is enlarged: upscaled, then sampled again from a part of the steps, tile by tile.
   *
   * @param strength of the first pass, above 0 to 1; each further pass has half of it
   * @param scheduler that replaces the request's; empty to keep that
   * @param requestedSteps whether as many steps are planned as the request asks for; otherwise as
   *     few as two of them need
   * @param keepColours whether of every pass only detail finer than the pixels before it is taken;
   *     otherwise only the mean colours of large areas stay
   */
  public record Upscaling(
      double strength, Optional<String> scheduler, boolean requestedSteps, boolean keepColours) {
    /** For a model that knows parts of faces, too. */
    public static final Upscaling PLAIN = new Upscaling(0.2, Optional.empty(), true, false);
  }

  /**
   * How a person is learned. As many images are seen as by any other recipe: a larger batch takes
   * fewer steps.
   *
   * @param rank of each layer's change
   * @param layers which are changed
   * @param textEncoder whether text encoders are trained too
   * @param batch images in each step
   * @param learningRate of a LoRA
   * @param dreamBoothLearningRate of DreamBooth, which then follows this recipe too; empty for
   *     diffusers' numbers
   */
  public record Training(
      int rank,
      Layers layers,
      boolean textEncoder,
      int batch,
      double learningRate,
      OptionalDouble dreamBoothLearningRate) {}

  /** The layers that a training changes. */
  public enum Layers {
    /** The projections of every attention. */
    ATTENTION,
    /** All linear layers of the transformer blocks. */
    TRANSFORMERS,
    /** Those and the residual blocks' convolutions. */
    CONVOLUTIONS
  }

  /**
   * The extras of a model in {@code folder}, or in a single file where that is empty;
   * {@code BaseModel.unwrap} has those of an open model.
   *
   * @throws InvalidInputException when {@value #FILE} is broken; the message names file and key
   */
  public static ModelExtras of(Optional<Path> folder) {
    return folder.map(ModelExtras::in).orElse(PLAIN);
  }

  /**
   * The extras in {@code folder}.
   *
   * @throws InvalidInputException when {@value #FILE} is broken; the message names file and key
   */
  public static ModelExtras in(Path folder) {
    Path file = folder.resolve(FILE);
    Optional<Path> here = Optional.of(folder);
    if (!Files.exists(file)) {
      return new ModelExtras(
          here,
          PLAIN.photographs,
          PLAIN.rareToken,
          PLAIN.styleFamily,
          PLAIN.upscaling,
          PLAIN.training);
    }
    ModelConfig json = ModelConfig.read(file);
    requireKnown(json, "photographs", "rare_token", "style_family", "upscaling", "training");
    return new ModelExtras(
        here,
        json.flag("photographs", PLAIN.photographs),
        json.flag("rare_token", PLAIN.rareToken),
        family(json),
        object(json, "upscaling").map(ModelExtras::upscaling).orElse(Upscaling.PLAIN),
        object(json, "training").map(ModelExtras::training));
  }

  /** The file that declares how the model is used; empty where there is none. */
  public Optional<Path> declaration() {
    return folder.map(here -> here.resolve(FILE)).filter(Files::exists);
  }

  /** Where the model's folder holds {@code extra}; empty where it does not. */
  public Optional<Path> find(Extra extra) {
    return folder.flatMap(extra::in);
  }

  private static Optional<String> family(ModelConfig json) {
    Optional<String> family = text(json, "style_family");
    if (family.isPresent() && !isFamily(family.get())) {
      throw wrong(json, "style_family", "lower-case letters, digits and hyphens");
    }
    return family;
  }

  /** Whether styles may call a family so. */
  public static boolean isFamily(String name) {
    return FAMILY.matcher(name).matches();
  }

  private static Upscaling upscaling(ModelConfig json) {
    requireKnown(json, "strength", "scheduler", "requested_steps", "keep_colours");
    Upscaling plain = Upscaling.PLAIN;
    double strength = json.has("strength") ? positive(json, "strength") : plain.strength;
    if (strength > 1) {
      throw wrong(json, "strength", "a number above 0, at most 1");
    }
    return new Upscaling(
        strength,
        text(json, "scheduler"),
        json.flag("requested_steps", plain.requestedSteps),
        json.flag("keep_colours", plain.keepColours));
  }

  private static Training training(ModelConfig json) {
    requireKnown(
        json,
        "rank",
        "layers",
        "text_encoder",
        "batch",
        "learning_rate",
        "dreambooth_learning_rate");
    for (String needed : List.of("rank", "layers", "text_encoder", "batch", "learning_rate")) {
      if (!json.has(needed)) {
        throw new InvalidInputException(json.source() + ": option \"" + needed + "\" is missing");
      }
    }
    return new Training(
        count(json, "rank"),
        layers(json),
        json.flag("text_encoder", false),
        count(json, "batch"),
        positive(json, "learning_rate"),
        json.has("dreambooth_learning_rate")
            ? OptionalDouble.of(positive(json, "dreambooth_learning_rate"))
            : OptionalDouble.empty());
  }

  private static Layers layers(ModelConfig json) {
    String name = json.text("layers", "");
    return Arrays.stream(Layers.values())
        .filter(one -> one.name().toLowerCase(Locale.ROOT).equals(name))
        .findFirst()
        .orElseThrow(() -> wrong(json, "layers", "attention, transformers or convolutions"));
  }

  private static int count(ModelConfig json, String key) {
    double number = json.number(key, 1);
    if (number < 1 || number != (int) number) {
      throw wrong(json, key, "a whole number from 1");
    }
    return (int) number;
  }

  private static double positive(ModelConfig json, String key) {
    double number = json.number(key, 1);
    if (!(number > 0) || Double.isInfinite(number)) {
      throw wrong(json, key, "a number above 0");
    }
    return number;
  }

  private static Optional<String> text(ModelConfig json, String key) {
    return json.has(key) ? Optional.of(json.text(key, "")) : Optional.empty();
  }

  private static Optional<ModelConfig> object(ModelConfig json, String key) {
    Object value = json.values().get(key);
    if (!json.has(key)) {
      return Optional.empty();
    }
    if (value instanceof Map<?, ?> map) {
      Map<String, Object> fields = new LinkedHashMap<>();
      map.forEach((name, field) -> fields.put((String) name, field));
      return Optional.of(ModelConfig.of(fields, json.source() + ": \"" + key + "\""));
    }
    throw wrong(json, key, "a JSON object");
  }

  private static void requireKnown(ModelConfig json, String... keys) {
    Set<String> unknown = new TreeSet<>(json.values().keySet());
    Arrays.asList(keys).forEach(unknown::remove);
    if (!unknown.isEmpty()) {
      throw new InvalidInputException(json.source() + ": unknown option \""
          + unknown.iterator().next() + "\"; known: " + String.join(", ", keys));
    }
  }

  private static InvalidInputException wrong(ModelConfig json, String key, String expected) {
    return new InvalidInputException(json.source() + ": option \"" + key + "\" is "
        + json.values().get(key) + ", expected " + expected);
  }
}
