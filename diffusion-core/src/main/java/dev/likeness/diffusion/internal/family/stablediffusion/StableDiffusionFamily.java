package dev.likeness.diffusion.internal.family.stablediffusion;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.AttentionSites;
import dev.likeness.diffusion.internal.family.ControlNetKind;
import dev.likeness.diffusion.internal.family.LoraLayers;
import dev.likeness.diffusion.internal.family.ModelFamily;
import dev.likeness.diffusion.internal.family.ModelFormat;
import dev.likeness.diffusion.internal.family.ModelParts;
import dev.likeness.diffusion.internal.family.NetworkMemory;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.Variant;
import dev.likeness.diffusion.internal.file.KeyMapping;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.memory.MemoryEstimate;
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

  /** SDXL's pipelines say it in their name; which of 1.x and 2.x it is the UNet tells. */
  @Override
  public Optional<Variant> variantOf(ModelParts parts) {
    String pipeline = parts.pipeline();
    if (pipeline.startsWith("StableDiffusionXL")) {
      return Optional.of(StableDiffusionVariant.SDXL);
    }
    if (!pipeline.matches("(StableDiffusion|LatentConsistencyModel).*")) {
      return Optional.empty();
    }
    return Optional.of(isLinear(parts) ? StableDiffusionVariant.SD2 : StableDiffusionVariant.SD1);
  }

  private static boolean isLinear(ModelParts parts) {
    return parts.config("unet").flag("use_linear_projection", false);
  }

  @Override
  public OpenModel open(ModelParts parts, Compute compute) {
    return new StableDiffusionModel(this, StableDiffusionNetworks.open(parts, compute));
  }

  @Override
  public MemoryEstimate memory(ModelParts parts) {
    ModelConfig unet = parts.config("unet");
    long width =
        unet.has("block_out_channels") ? unet.integers("block_out_channels").get(0) : WIDTH;
    return new NetworkMemory("unet", width, 0, 1, SIDE, unet.has("time_cond_proj_dim") ? 1 : 2)
        .of(parts);
  }

  @Override
  public ModelFormat format(ModelParts parts) {
    return new Format(parts, parts.componentClass("text_encoder_2") != null);
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
  public List<ControlNetKind> controlNets() {
    return List.of(new UNetControlNetKind());
  }

  private record Format(ModelParts parts, boolean xl)
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
        index.put(ZEROS, parts.option(ZEROS));
      }
      if (xl && parts.option(SCORE)) {
        index.put(SCORE, true);
      }
      return index;
    }

    @Override
    public Optional<SingleFile> singleFile() {
      return Optional.of(this);
    }

    @Override
    public KeyMapping layout(String component) {
      return switch (component) {
        case "unet" ->
          UNetKeyFormat.of(UNetConfig.of(parts.config("unet"))).under("model.diffusion_model.");
        case "vae" -> autoencoder().under("first_stage_model.");
        case "text_encoder" ->
          ClipKeyFormat.written(
              !xl && isLinear(parts), false, xl ? "conditioner.embedders.0." : "cond_stage_model.");
        case "text_encoder_2" ->
          ClipKeyFormat.written(
              true,
              true,
              parts.componentClass("text_encoder") == null
                  ? "conditioner.embedders.0."
                  : "conditioner.embedders.1.");
        default ->
          throw new InvalidInputException(
              parts.describe() + ": a single file has no names for " + component);
      };
    }

    private KeyMapping autoencoder() {
      if (!"AutoencoderKL".equals(parts.componentClass("vae"))) {
        throw new InvalidInputException(
            parts.describe() + ": a single file has no names for its " + parts.componentClass("vae")
                + "; keep the folder, or convert with another autoencoder");
      }
      AutoencoderConfig config = AutoencoderConfig.of(parts.config("vae"));
      return AutoencoderKeyFormat.AutoencoderLayout.of(
          config.channels().size(), config.layers() + 1);
    }

    @Override
    public String padding(String component) {
      return component.endsWith("_2") || !xl && isLinear(parts) ? "!" : "<|endoftext|>";
    }
  }
}
