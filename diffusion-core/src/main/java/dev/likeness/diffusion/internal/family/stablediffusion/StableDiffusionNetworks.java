package dev.likeness.diffusion.internal.family.stablediffusion;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.LoadedAutoencoder;
import dev.likeness.diffusion.internal.family.LoadedClip;
import dev.likeness.diffusion.internal.family.ModelComponents;
import dev.likeness.diffusion.internal.family.OpenNetworks;
import dev.likeness.diffusion.internal.family.SchedulerFile;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.memory.BlockNames;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.nn.unet.UNetConfig;
import dev.likeness.diffusion.internal.nn.unet.UNetOptions;
import dev.likeness.diffusion.internal.text.ClipTextEncoder;
import dev.likeness.diffusion.internal.text.ClipTokenizer;
import dev.likeness.diffusion.internal.vae.Autoencoder;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.schedulers.SchedulerConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The networks of a Stable Diffusion 1.x, 2.x or XL model, opened and checked. Adapted networks
 * share the tensors loaded here. Immutable and shared by threads.
 */
public final class StableDiffusionNetworks extends OpenNetworks {
  private static final Map<String, Object> TEXT_TO_IMAGE_DEFAULTS =
      Map.of("steps_offset", 1, "clip_sample", false);
  private static final Map<String, Object> INPAINTING_DEFAULTS =
      Map.of("steps_offset", 1, "skip_prk_steps", true);

  private static final int MOST_STEPS = 1000;

  private final List<LoadedClip> clipTextEncoders = new ArrayList<>();
  private final UNetConfig unetConfig;
  private final LoadedWeights unetWeights;
  private final LoadedAutoencoder autoencoder;
  private final boolean zerosForEmptyPrompt;
  private final ModelConfig schedulerConfig;

  private StableDiffusionNetworks(ModelComponents files, Compute compute) {
    super(
        files,
        compute,
        files.componentClass("text_encoder_2") == null
            ? scheduler(files.scheduler(), files.pipeline())
            : SchedulerFile.read(files.scheduler()));
    schedulerConfig = files.scheduler();
    boolean xl = files.componentClass("text_encoder_2") != null;
    try {
      zerosForEmptyPrompt = xl && files.option("force_zeros_for_empty_prompt");
      for (ModelComponent component :
          List.of(ModelComponent.TEXT_ENCODER, ModelComponent.TEXT_ENCODER_2)) {
        if (files.componentClass(component.folder()) != null) {
          clipTextEncoders.add(
              ownComponent(LoadedClip.open(files, component, compute, xl ? 1 : 0)));
        }
      }
      unetConfig = UNetConfig.of(files.config("unet"));
      requireText(files);
      LoadedWeights unet = files.load("unet", compute, BlockNames.NONE);
      unetWeights = own(ModelComponent.UNET, unet, unet);
      unetWeights.check(weights -> new UNet2DConditionModel(unetConfig, weights), Set.of());
      autoencoder = own(LoadedAutoencoder.open(files, compute, List.of()));
      requireLatents(files);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * Opens a model and checks every tensor against its config.
   *
   * @throws InvalidInputException if a component is missing, or has wrong shapes, unknown tensors
   *     or an unsupported class
   */
  public static StableDiffusionNetworks open(ModelComponents files, Compute compute) {
    boolean xl = files.componentClass("text_encoder_2") != null;
    files.requireClass("unet", "UNet2DConditionModel");
    if (xl) {
      files.requireClass("text_encoder_2", "CLIPTextModelWithProjection");
    }
    if (!xl || files.componentClass("text_encoder") != null) {
      files.requireClass("text_encoder", "CLIPTextModel");
    }
    files.requireClass("vae", "AutoencoderKL", "AutoencoderTiny");
    return new StableDiffusionNetworks(files, compute);
  }

  /**
   * The scheduler as the pipelines of 1.x and 2.x read it, which override two options of old
   * configs.
   *
   * @param pipeline the class of the folder's pipeline
   */
  public static SchedulerConfig scheduler(ModelConfig config, String pipeline) {
    return SchedulerFile.read(
        config,
        pipeline.equals("StableDiffusionInpaintPipeline")
            ? INPAINTING_DEFAULTS
            : TEXT_TO_IMAGE_DEFAULTS);
  }

  // Every cross-attention takes the concatenated texts.
  private void requireText(ModelComponents files) {
    int width = clipTextEncoders.stream()
        .mapToInt(textEncoder -> textEncoder.config().width())
        .sum();
    for (UNetConfig.Level level : unetConfig.levels()) {
      if ((level.hasAttention() || level.hasUpAttention()) && level.contextWidth() != width) {
        throw new InvalidInputException(
            files.describe() + ": the UNet takes text embeddings of width " + level.contextWidth()
                + ", but the text encoders together have width " + width
                + "; give components of one model");
      }
    }
    if (unetConfig.embedding().timeIds() != null) {
      LoadedClip pooling = clipTextEncoders.get(clipTextEncoders.size() - 1);
      SizeIds.count(
          unetConfig.embedding().timeIds(), pooling.config().projection(), files.describe());
    }
  }

  // Other inputs (depth, a small image, an edited one) belong to unsupported pipelines.
  private void requireLatents(ModelComponents files) {
    int latent = autoencoder.latentChannels();
    int in = unetConfig.inChannels();
    if (in != latent && in != 2 * latent + 1) {
      throw new InvalidInputException(files.describe() + ": the UNet takes " + in
          + " channels; supported: " + latent + " (text-to-image) and "
          + (2 * latent + 1) + " (inpainting). Give a UNet for text-to-image or inpainting");
    }
  }

  /**
   * The recommended value of an option in the model's scheduler config ({@code _guidance_scale},
   * {@code _eta}, which diffusers ignores); {@code usual} if it has none.
   */
  public double recommendedOption(String name, double usual) {
    return schedulerConfig.number(name, usual);
  }

  /** The recommended number of steps in the model's scheduler config; {@code usual} without one. */
  int recommendedSteps(int usual) {
    return schedulerConfig.integer("_num_inference_steps", usual, MOST_STEPS);
  }

  public UNetConfig unetConfig() {
    return unetConfig;
  }

  /** The adapted UNet. */
  public UNet2DConditionModel unet(Adaptation adaptation) {
    return unet(adaptation, UNetOptions.NONE);
  }

  /** The adapted UNet with options of sampling. */
  public UNet2DConditionModel unet(Adaptation adaptation, UNetOptions options) {
    return new UNet2DConditionModel(unetConfig, options, Weights.of(unetWeights, adaptation));
  }

  /** The text encoders in order; the UNet attends to their concatenated tokens. */
  public List<LoadedClip> clipTextEncoders() {
    return List.copyOf(clipTextEncoders);
  }

  /** The adapted first text encoder. */
  public ClipTextEncoder textEncoder(Adaptation adaptation) {
    return clipTextEncoders.get(0).encoder(adaptation);
  }

  /** The first text encoder's tokenizer. */
  public ClipTokenizer tokenizer() {
    return clipTextEncoders.get(0).tokenizer();
  }

  /** Returns true if an empty negative prompt is encoded as zeros, as SDXL's base was trained. */
  public boolean zerosForEmptyPrompt() {
    return zerosForEmptyPrompt;
  }

  /** The number of time ids: 6 for SDXL, 5 for its refiner, else 0. */
  public int sizeIds() {
    return unetConfig.embedding().timeIds() == null
        ? 0
        : SizeIds.count(
            unetConfig.embedding().timeIds(),
            clipTextEncoders.get(clipTextEncoders.size() - 1).config().projection(),
            "the model");
  }

  @Override
  public Autoencoder autoencoder() {
    return autoencoder;
  }

  /**
   * Loads one network, for example {@code unet}, before its first use.
   *
   * @throws IllegalArgumentException if the model has no such network
   */
  public void load(String component) {
    if (component.equals("vae")) {
      autoencoder.load();
    } else {
      weights(component).load();
    }
  }

  /**
   * Frees the memory of one network, for example {@code text_encoder}; its next use loads it again.
   * Must not be called during a generation.
   *
   * @throws IllegalArgumentException if the model has no such network
   */
  public void release(String component) {
    if (component.equals("vae")) {
      autoencoder.release();
    } else {
      weights(component).release();
    }
  }

  private LoadedWeights weights(String name) {
    return Stream.of(ModelComponent.values())
        .filter(component -> component.folder().equals(name))
        .map(this::weights)
        .filter(Objects::nonNull)
        .findFirst()
        .orElseThrow(
            () -> new IllegalArgumentException("this model has no network \"" + name + "\""));
  }

  /** The number of time ids, from the width of the layer that takes them with the pooled text. */
  static final class SizeIds {
    private static final int BASE = 6;
    private static final int REFINER = 5;

    private SizeIds() {}

    /**
     * The count.
     *
     * @param pooled width of the pooled text
     * @throws InvalidInputException if the number is neither 6 nor 5
     */
    static int count(UNetConfig.TimeIds ids, int pooled, String where) {
      for (int count : new int[] {BASE, REFINER}) {
        if (count * ids.sinusoids().width() + pooled == ids.inputWidth()) {
          return count;
        }
      }
      throw new InvalidInputException(
          where + ": projection_class_embeddings_input_dim is " + ids.inputWidth() + ", expected "
              + (BASE * ids.sinusoids().width() + pooled) + " (SDXL) or "
              + (REFINER * ids.sinusoids().width() + pooled)
              + " (its refiner) for a text encoder with pooled embeddings of width " + pooled
              + "; give components of one model");
    }
  }
}
