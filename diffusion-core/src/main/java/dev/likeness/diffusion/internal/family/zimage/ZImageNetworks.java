package dev.likeness.diffusion.internal.family.zimage;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.ModelParts;
import dev.likeness.diffusion.internal.family.NetworksBase;
import dev.likeness.diffusion.internal.family.OpenNetworks;
import dev.likeness.diffusion.internal.family.SchedulerFile;
import dev.likeness.diffusion.internal.family.flux2.Flux2Config;
import dev.likeness.diffusion.internal.family.flux2.Flux2Transformer2DModel;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.text.LoadedQwen3;
import dev.likeness.diffusion.internal.text.Qwen3Config;
import dev.likeness.diffusion.internal.text.TextEncoding;
import dev.likeness.diffusion.internal.text.TruncatedPrompt;
import dev.likeness.diffusion.internal.vae.Autoencoder;
import dev.likeness.diffusion.internal.vae.LoadedAutoencoder;
import dev.likeness.diffusion.tensor.Compute;
import java.util.Collections;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;

/**
 * The networks of a model whose transformer listens to a Qwen3 language model (Z-Image, FLUX.2
 * klein), opened and checked. Immutable and shared by threads.
 *
 * @param <C> the transformer's config
 * @param <T> the transformer
 */
public final class ZImageNetworks<C, T> extends NetworksBase {
  private static final Function<Qwen3Config, List<Integer>> Z_IMAGE =
      text -> List.of(text.layers() - 1);
  private static final Function<Qwen3Config, List<Integer>> KLEIN = text -> List.of(9, 18, 27);

  private final boolean distilled;
  private final Kind<C, T> kind;
  private final LoadedQwen3 text;
  private final OpenNetworks.Network<C, T> transformer;
  private final Autoencoder autoencoder;

  /**
   * What differs.
   *
   * @param layers after how many of the language model's layers the transformer listens
   * @param thinks whether the language model is asked to think, as {@link LoadedQwen3#encode} has
   *     it
   * @param padding whether its words for the padding are told too
   */
  private record Kind<C, T>(
      Function<ModelConfig, C> config,
      BiFunction<C, Weights, T> network,
      ToIntFunction<C> textWidth,
      ToIntFunction<C> channels,
      Function<Qwen3Config, List<Integer>> layers,
      boolean thinks,
      boolean padding) {}

  private ZImageNetworks(ModelParts files, Compute compute, Kind<C, T> kind) {
    super(files, compute, SchedulerFile.read(files.scheduler()));
    this.kind = kind;
    distilled = files.option("is_distilled");
    try {
      text = open(LoadedQwen3.open(files, compute));
      transformer = open(OpenNetworks.Network.of(files, compute, kind.config, kind.network));
      text.requireLayers(
          files, kind.layers.apply(text.config()), kind.textWidth.applyAsInt(config()));
      transformer.check();
      autoencoder = open(LoadedAutoencoder.open(files, compute));
      requireLatents(files);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * Opens a Z-Image model and checks every tensor against its config.
   *
   * @throws InvalidInputException when a part is missing, misshapen, left over, or of a class that
   *     is not supported
   */
  public static ZImageNetworks<ZImageConfig, ZImageTransformer2DModel> zImage(
      ModelParts files, Compute compute) {
    ModelParts.Classes.require(files, "transformer", "ZImageTransformer2DModel");
    requireText(files);
    ModelParts.Classes.require(files, "vae", "AutoencoderKL", "AutoencoderTiny");
    return new ZImageNetworks<>(
        files,
        compute,
        new Kind<>(
            ZImageConfig::of,
            ZImageTransformer2DModel::new,
            ZImageConfig::textWidth,
            ZImageConfig::channels,
            Z_IMAGE,
            true,
            false));
  }

  /** The same of a FLUX.2 klein model. */
  public static ZImageNetworks<Flux2Config, Flux2Transformer2DModel> klein(
      ModelParts files, Compute compute) {
    ModelParts.Classes.require(files, "transformer", "Flux2Transformer2DModel");
    requireText(files);
    ModelParts.Classes.require(files, "vae", "AutoencoderKLFlux2");
    if (files.pipeline().contains("KV")) {
      throw new InvalidInputException(
          files.describe() + " is of the class " + files.pipeline()
              + ", whose network sees a picture to edit in its own way; give a FLUX.2 klein of the class Flux2KleinPipeline");
    }
    return new ZImageNetworks<>(
        files,
        compute,
        new Kind<>(
            Flux2Config::of,
            Flux2Transformer2DModel::new,
            Flux2Config::textWidth,
            Flux2Config::inChannels,
            KLEIN,
            false,
            true));
  }

  /**
   * Which tensors of a component are ever asked for: of a language model those up to the last layer
   * that is listened to.
   */
  public static Predicate<String> used(ModelParts files, String component) {
    if (!String.valueOf(files.componentClass(component)).startsWith("Qwen3")) {
      return name -> true;
    }
    Qwen3Config text = Qwen3Config.of(files.config(component));
    int last = Collections.max(
        "Flux2Transformer2DModel".equals(files.componentClass("transformer"))
            ? KLEIN.apply(text)
            : Z_IMAGE.apply(text));
    return name -> name.startsWith("model.embed_tokens.")
        || name.startsWith("model.layers.") && Integer.parseInt(name.split("\\.")[2]) < last;
  }

  private static void requireText(ModelParts files) {
    ModelParts.Classes.require(files, "text_encoder", "Qwen3ForCausalLM", "Qwen3Model");
  }

  private void requireLatents(ModelParts files) {
    int channels = kind.channels.applyAsInt(config());
    if (channels != autoencoder.latentChannels()) {
      throw new InvalidInputException(files.describe() + ": the transformer draws in " + channels
          + " channels, the autoencoder has " + autoencoder.latentChannels()
          + "; they are of different models");
    }
  }

  /** Whether the network needs no guidance and is given none. */
  public boolean distilled() {
    return distilled;
  }

  public C config() {
    return transformer.config();
  }

  /** Prompts as the transformer is told them, a row for each; see {@link LoadedQwen3#encode}. */
  public TextEncoding text(List<String> prompts, Adaptation adaptation) {
    return text.encode(
        prompts, kind.thinks, kind.layers.apply(text.config()), kind.padding, adaptation);
  }

  /** What the language model leaves out of a prompt. */
  public TruncatedPrompt cut(String prompt) {
    return text.cut(prompt, kind.thinks);
  }

  /** The transformer as an adaptation has it. */
  public T transformer(Adaptation adaptation) {
    return transformer.adapted(adaptation);
  }

  @Override
  public LoadedWeights weights(ModelComponent part) {
    return switch (part) {
      case TRANSFORMER -> transformer.weights();
      case TEXT_ENCODER -> text.weights();
      default -> null;
    };
  }

  @Override
  public Autoencoder autoencoder() {
    return autoencoder;
  }
}
