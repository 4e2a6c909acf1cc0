package dev.likeness.diffusion.internal.model;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.ModelFile;
import dev.likeness.diffusion.internal.file.Quoted;
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
 * The content of a base model's folder beside the networks of its pipeline: {@linkplain Extra files
 * at fixed places}, and declarations of the model's use in {@value #FILE}. Without that file, and
 * for a single file, they are {@link #PLAIN}. Immutable.
 *
 * @param folder the model's folder; empty for a single file
 * @param photographs true if the model and the networks beside it were trained on photographs, so
 *     that prompts may name a lens, and likeness has a limit for people in photographs
 * @param rareToken true if a person is trained with a rare token; otherwise with words for their
 *     appearance
 * @param styleFamily the model's family in styles; empty for that of its networks
 * @param upscaling how images are enlarged
 * @param training the training settings; empty for those of its family
 */
public record ModelExtras(
    Optional<Path> folder,
    boolean photographs,
    boolean rareToken,
    Optional<String> styleFamily,
    Upscaling upscaling,
    Optional<Training> training) {
  /** The file with the declarations of a model's folder. */
  public static final String FILE = "likeness.json";

  /** The extras of a model without declarations. */
  public static final ModelExtras PLAIN = new ModelExtras(
      Optional.empty(), true, true, Optional.empty(), Upscaling.PLAIN, Optional.empty());

  private static final Pattern FAMILY = Pattern.compile("[a-z0-9]+(-[a-z0-9]+)*");

  /** A file or folder that a model's folder may hold beside the networks of its pipeline. */
  public enum Extra {
    /** The network that describes photos and generated images. */
    CAPTIONER("photo_reader", "config.json"),
    /** The face embedder that measures likeness. */
    FACE_EMBEDDER("face_embedder", "config.json"),
    /** The tiny autoencoder for previews and face guidance. */
    PREVIEW_DECODER("preview", ""),
    /** The thresholds of scores that differ from the built-in ones. */
    SCORE_LIMITS("score_limits.json", ""),
    /** The IP-Adapter for people. */
    IP_ADAPTER("ip_adapter/ip-adapter.safetensors", ""),
    /** The face embedder of that adapter; face guidance uses it too. */
    IP_ADAPTER_EMBEDDER("ip_adapter/face_embedder", "config.json"),
    /** The IP-Adapter for whole images, which uses {@link #IMAGE_ENCODER}. */
    IMAGE_IP_ADAPTER("ip_adapter/ip-adapter-image.safetensors", ""),
    /** The image encoder of IP-Adapters. */
    IMAGE_ENCODER("image_encoder", ""),
    /** A face embedder for face guidance alone. */
    GUIDANCE_EMBEDDER("guidance/face_embedder", "config.json"),
    /** The latent consistency LoRA, for sampling in few steps. */
    FEW_STEP_LORA("lora/few-step.safetensors", "");

    private final String path;
    private final String signature;

    Extra(String path, String signature) {
      this.path = path;
      this.signature = signature;
    }

    /**
     * Its path in {@code folder}; the file need not exist.
     *
     * @throws InvalidInputException if it breaks the rule of {@link ModelFile}
     */
    public Path at(Path folder) {
      Path place = folder.resolve(path);
      return ModelFile.exists(place) ? ModelFile.own(folder, place) : place;
    }

    /** Its path in {@code folder}; empty if it does not exist. */
    public Optional<Path> in(Path folder) {
      Path place = at(folder);
      return ModelFile.exists(signature.isEmpty() ? place : place.resolve(signature))
          ? Optional.of(place)
          : Optional.empty();
    }
  }

  /**
   * Settings to enlarge an image: it is upscaled, then sampled again tile by tile.
   *
   * @param strength strength of the first pass, above 0, at most 1; each further pass has half of
   *     it
   * @param scheduler replaces the request's scheduler; empty to keep it
   * @param requestedSteps true if the plan has the request's steps; otherwise as few as two sampled
   *     steps need
   * @param keepColours true if a pass adds only detail finer than the previous pixels; otherwise
   *     only the mean colours of large areas are kept
   */
  public record Upscaling(
      double strength, Optional<String> scheduler, boolean requestedSteps, boolean keepColours) {
    /** The default upscaling. */
    public static final Upscaling PLAIN = new Upscaling(0.2, Optional.empty(), true, false);
  }

  /**
   * The settings to train a person. The number of images stays the same: a larger batch has fewer
   * steps.
   *
   * @param rank the rank of each layer's LoRA
   * @param layers the layers that are trained
   * @param textEncoder true if text encoders are trained too
   * @param batch the images of a step
   * @param learningRate learning rate of a LoRA
   * @param dreamBoothLearningRate learning rate of DreamBooth, which then uses these settings too;
   *     empty for diffusers' settings
   */
  public record Training(
      int rank,
      Layers layers,
      boolean textEncoder,
      int batch,
      double learningRate,
      OptionalDouble dreamBoothLearningRate) {}

  /** The layers that are trained. */
  public enum Layers {
    /** The projections of every attention. */
    ATTENTION,
    /** All linear layers of the transformer blocks. */
    TRANSFORMERS,
    /** The linear layers, and the convolutions of residual blocks. */
    CONVOLUTIONS
  }

  /**
   * The extras of a model in {@code folder}, or in a single file if that is empty. For an open
   * model use {@code EngineAccess.extras}.
   *
   * @throws InvalidInputException if {@value #FILE} is broken; the message names file and key
   */
  public static ModelExtras of(Optional<Path> folder) {
    return folder.map(ModelExtras::in).orElse(PLAIN);
  }

  /**
   * The extras in {@code folder}.
   *
   * @throws InvalidInputException if {@value #FILE} is broken; the message names file and key
   */
  public static ModelExtras in(Path folder) {
    Path file = folder.resolve(FILE);
    Optional<Path> here = Optional.of(folder);
    if (!ModelFile.exists(file)) {
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

  /** The file with the declarations; empty if there is none. */
  public Optional<Path> declaration() {
    return folder.map(here -> here.resolve(FILE)).filter(ModelFile::exists);
  }

  /** The path of {@code extra} in the model's folder; empty if it does not exist. */
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

  /** Returns true if a text is a valid family name of styles. */
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
        throw new InvalidInputException(
            json.source() + ": option \"" + needed + "\" is missing; add it");
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
      throw wrong(json, key, "a whole number of at least 1");
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
      throw new InvalidInputException(json.source() + ": unknown option "
          + Quoted.of(unknown.iterator().next()) + "; known: " + String.join(", ", keys));
    }
  }

  private static InvalidInputException wrong(ModelConfig json, String key, String expected) {
    return json.wrong(key, json.values().get(key), expected);
  }
}
