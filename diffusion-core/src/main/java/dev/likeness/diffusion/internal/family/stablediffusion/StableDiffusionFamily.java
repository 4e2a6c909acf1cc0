package dev.likeness.diffusion.internal.family.stablediffusion;

import dev.likeness.diffusion.catalogue.BaseKind;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.AttentionPath;
import dev.likeness.diffusion.internal.family.AttentionSites;
import dev.likeness.diffusion.internal.family.LayerNames;
import dev.likeness.diffusion.internal.family.LoraLayers;
import dev.likeness.diffusion.internal.family.LoraLayers.Kind;
import dev.likeness.diffusion.internal.family.LoraLayers.Metadata;
import dev.likeness.diffusion.internal.family.LoraLayers.Widths;
import dev.likeness.diffusion.internal.family.ModelComponents;
import dev.likeness.diffusion.internal.family.ModelFamily;
import dev.likeness.diffusion.internal.family.ModelFamily.ControlNetKind;
import dev.likeness.diffusion.internal.family.ModelFormat;
import dev.likeness.diffusion.internal.family.ModelKind;
import dev.likeness.diffusion.internal.family.NetworkMemory;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.Variant;
import dev.likeness.diffusion.internal.file.KeyMapping;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.NetworkPrefix;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.memory.BlockNames;
import dev.likeness.diffusion.internal.nn.unet.UNetConfig;
import dev.likeness.diffusion.internal.text.ClipKeyFormat;
import dev.likeness.diffusion.internal.vae.AutoencoderConfig;
import dev.likeness.diffusion.internal.vae.AutoencoderKeyFormat;
import dev.likeness.diffusion.tensor.Compute;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * Stable Diffusion 1.x, 2.x and XL, with refiner, inpainting, latent consistency and their
 * ControlNets.
 */
public final class StableDiffusionFamily implements ModelFamily {
  private static final int WIDTH = 320;
  private static final int SIDE = 64;
  private static final String ZEROS = "force_zeros_for_empty_prompt";
  private static final String SCORE = "requires_aesthetics_score";

  @Override
  public String id() {
    return "stablediffusion";
  }

  @Override
  public Network network() {
    return new Network(ModelComponent.UNET, "UNet2DConditionModel");
  }

  @Override
  public List<Variant> variants() {
    return List.of(
        StableDiffusionVariant.REFINER,
        StableDiffusionVariant.SDXL,
        StableDiffusionVariant.SD2,
        StableDiffusionVariant.SD1);
  }

  /** SDXL has pipelines of its own; the UNet determines 1.x or 2.x. */
  @Override
  public Optional<Variant> variantOf(ModelComponents components) {
    String pipeline = components.pipeline();
    if (pipeline.startsWith("StableDiffusionXL")) {
      return Optional.of(StableDiffusionVariant.SDXL);
    }
    if (!pipeline.matches("(StableDiffusion|LatentConsistencyModel).*")) {
      return Optional.empty();
    }
    return Optional.of(
        usesLinearProjection(components) ? StableDiffusionVariant.SD2 : StableDiffusionVariant.SD1);
  }

  /** A latent consistency model has an input for the guidance scale. */
  @Override
  public Optional<BaseKind> kind(ModelComponents components) {
    return variantOf(components)
        .map(variant -> variant == StableDiffusionVariant.SDXL
                && components.componentClass(ModelComponent.TEXT_ENCODER.folder()) == null
            ? StableDiffusionVariant.REFINER
            : variant)
        .map(variant -> new BaseKind(
            variant.name(),
            ModelKind.taskOfUnet(components),
            components.scheduler().text("prediction_type", "epsilon"),
            components.config("unet").has("time_cond_proj_dim")));
  }

  private static boolean usesLinearProjection(ModelComponents components) {
    return components.config("unet").flag("use_linear_projection", false);
  }

  @Override
  public OpenModel open(ModelComponents components, Compute compute) {
    return new StableDiffusionModel(this, StableDiffusionNetworks.open(components, compute));
  }

  @Override
  public NetworkMemory memory(ModelComponents components) {
    ModelConfig unet = components.config("unet");
    long width =
        unet.has("block_out_channels") ? unet.integers("block_out_channels").get(0) : WIDTH;
    return new NetworkMemory(
        "unet", BlockNames.NONE, width, 0, 1, SIDE, unet.has("time_cond_proj_dim") ? 1 : 2);
  }

  @Override
  public ModelFormat format(ModelComponents components) {
    return new Format(components, components.componentClass("text_encoder_2") != null);
  }

  @Override
  public LoraLayers loraLayers() {
    return StableDiffusionLoraLayers.LAYERS;
  }

  @Override
  public Optional<AttentionSites> attentionSites() {
    return Optional.of(new UNetSites());
  }

  @Override
  public Optional<String> withDots(String name) {
    return UNetKeyFormat.withDots(name);
  }

  @Override
  public List<ControlNetKind> controlNets() {
    return List.of(new UNetControlNetKind());
  }

  /** Writes models of 1.x, 2.x and XL. */
  private record Format(ModelComponents components, boolean xl)
      implements ModelFormat, ModelFormat.SingleFile {
    @Override
    public Map<String, Object> index() {
      Map<String, Object> index = new LinkedHashMap<>();
      for (String lacking : xl
          ? List.of("text_encoder", "tokenizer")
          : List.of("safety_checker", "feature_extractor")) {
        index.put(lacking, Arrays.asList(null, null));
      }
      if (xl) {
        index.put(ZEROS, components.option(ZEROS));
      }
      if (xl && components.option(SCORE)) {
        index.put(SCORE, true);
      }
      return index;
    }

    @Override
    public Optional<SingleFile> singleFile() {
      return Optional.of(this);
    }

    @Override
    public Map<String, float[]> marks() {
      return PredictionDetector.Marks.of(components);
    }

    @Override
    public boolean isMark(String name) {
      return PredictionDetector.Marks.NAMES.contains(name);
    }

    @Override
    public void describe(Map<String, String> metadata) {
      PredictionDetector.Marks.describe(components, metadata);
    }

    @Override
    public KeyMapping layout(String component) {
      return switch (component) {
        case "unet" ->
          UNetKeyFormat.of(UNetConfig.of(components.config("unet")))
              .withPrefix(NetworkPrefix.PUBLISHED);
        case "vae" -> autoencoder().withPrefix("first_stage_model.");
        case "text_encoder" ->
          ClipKeyFormat.outputLayout(
              !xl && usesLinearProjection(components),
              false,
              xl ? "conditioner.embedders.0." : "cond_stage_model.");
        case "text_encoder_2" ->
          ClipKeyFormat.outputLayout(
              true,
              true,
              components.componentClass("text_encoder") == null
                  ? "conditioner.embedders.0."
                  : "conditioner.embedders.1.");
        default ->
          throw new InvalidInputException(components.describe() + ": component " + component
              + " cannot be written to a single file; keep the folder");
      };
    }

    private KeyMapping autoencoder() {
      if (!"AutoencoderKL".equals(components.componentClass("vae"))) {
        throw new InvalidInputException(components.describe() + ": its autoencoder "
            + Quoted.value(components.componentClass("vae"))
            + " cannot be written to a single file; keep the folder, or convert with another"
            + " autoencoder");
      }
      AutoencoderConfig config = AutoencoderConfig.of(components.config("vae"));
      return AutoencoderKeyFormat.AutoencoderLayout.of(
          config.blocks().channels().size(), config.blocks().layers() + 1);
    }

    @Override
    public String padding(String component) {
      return component.endsWith("_2") || !xl && usesLinearProjection(components)
          ? "!"
          : "<|endoftext|>";
    }
  }

  /** Stable Diffusion's kinds in LoRA files, identified by the width of cross-attention. */
  static final class StableDiffusionLoraLayers {
    static final LoraLayers LAYERS = new LoraLayers(
        List.of(
            kind(
                "sdxl-refiner",
                "the refiner of Stable Diffusion XL",
                1280,
                "(?=.*xl).*refiner.*",
                false,
                null,
                null),
            kind(
                "sdxl",
                "Stable Diffusion XL",
                2048,
                ".*xl.*",
                false,
                "sdxl_base_v1-0",
                "stable-diffusion-xl-v1-base"),
            kind(
                "sd2",
                "Stable Diffusion 2.x",
                1024,
                ".*v2.*",
                true,
                "sd_v2",
                "stable-diffusion-v2-768-v"),
            kind(
                "sd1",
                "Stable Diffusion 1.x",
                768,
                ".*v1.*",
                true,
                "sd_v1",
                "stable-diffusion-v1")),
        List.of(),
        null,
        LayerNames.NONE,
        layers -> Optional.of(UNetKeyFormat.ofLayers(layers)));

    private StableDiffusionLoraLayers() {}

    private static Kind kind(
        String id,
        String title,
        long width,
        String noted,
        boolean weak,
        String base,
        String architecture) {
      return new Kind(
          id,
          title,
          new Widths(width, Set.of()),
          id.equals("sdxl"),
          new Metadata(Pattern.compile(noted), weak, base, architecture, id.equals("sd2")));
    }
  }

  /** The cross-attentions of a UNet, by its transformer blocks. */
  static final class UNetSites implements AttentionSites {
    private static final String KEYS = ".attn2.to_k.weight";
    private static final Pattern ATTENTION =
        Pattern.compile("(.+\\.attentions\\..+)\\.attn2\\.to_k\\.weight");

    @Override
    public ModelComponent component() {
      return ModelComponent.UNET;
    }

    @Override
    public Optional<Found> find(Set<String> names, Function<String, long[]> shape) {
      List<String> paths = AttentionPath.sorted(names, ATTENTION);
      return paths.isEmpty()
          ? Optional.empty()
          : Optional.of(new Found(
              paths,
              paths.stream().map(path -> shape.apply(path + KEYS)[0]).toList(),
              shape.apply(paths.get(0) + KEYS)[1],
              0));
    }

    @Override
    public String baseDescription(long contextWidth) {
      return switch ((int) contextWidth) {
        case 768 -> "Stable Diffusion 1.x (context 768)";
        case 1024 -> "Stable Diffusion 2.x (context 1024)";
        case 2048 -> "SDXL (context 2048)";
        default -> "a base with context " + contextWidth;
      };
    }
  }
}
