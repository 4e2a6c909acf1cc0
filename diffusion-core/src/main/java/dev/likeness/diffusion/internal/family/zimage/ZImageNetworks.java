package dev.likeness.diffusion.internal.family.zimage;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.LoadedAutoencoder;
import dev.likeness.diffusion.internal.family.LoadedQwen3;
import dev.likeness.diffusion.internal.family.ModelComponents;
import dev.likeness.diffusion.internal.family.OpenNetworks;
import dev.likeness.diffusion.internal.family.OpenTransformer;
import dev.likeness.diffusion.internal.family.SchedulerFile;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.text.Qwen3Config;
import dev.likeness.diffusion.internal.text.TextEncoding;
import dev.likeness.diffusion.internal.text.TextEncoding.TruncatedPrompt;
import dev.likeness.diffusion.internal.vae.Autoencoder;
import dev.likeness.diffusion.tensor.Compute;
import java.util.List;

/**
 * The networks of a Z-Image model, opened and checked; its text encoder is a Qwen3 language model
 * with thinking enabled; padding is not read. Immutable and shared by threads.
 */
public final class ZImageNetworks extends OpenNetworks {
  private final LoadedQwen3 encode;
  private final OpenTransformer<ZImageConfig, ZImageTransformer2DModel> transformer;
  private final Autoencoder autoencoder;

  private ZImageNetworks(ModelComponents files, Compute compute) {
    super(files, compute, SchedulerFile.read(files.scheduler()));
    try {
      encode = own(LoadedQwen3.open(files, compute));
      transformer = own(OpenTransformer.of(
          files,
          compute,
          ZImageTransformer2DModel.BLOCKS,
          ZImageConfig::of,
          ZImageTransformer2DModel::new));
      encode.requireLayers(files, List.of(layer(encode.config())), config().textWidth());
      transformer.check();
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
  public static ZImageNetworks open(ModelComponents files, Compute compute) {
    files.requireClass("transformer", "ZImageTransformer2DModel");
    files.requireClass("text_encoder", "Qwen3ForCausalLM", "Qwen3Model");
    files.requireClass("vae", "AutoencoderKL", "AutoencoderTiny");
    return new ZImageNetworks(files, compute);
  }

  /** The layer of the language model whose output the transformer takes. */
  static int layer(Qwen3Config text) {
    return text.layers() - 1;
  }

  private void requireLatents(ModelComponents files) {
    if (config().channels() != autoencoder.latentChannels()) {
      throw new InvalidInputException(files.describe() + ": the transformer has "
          + config().channels() + " channels, but the autoencoder has "
          + autoencoder.latentChannels()
          + "; give components of one model");
    }
  }

  public ZImageConfig config() {
    return transformer.config();
  }

  /** Encodes prompts, one row each; see {@link LoadedQwen3#encode}. */
  public TextEncoding encode(List<String> prompts, int length, Adaptation adaptation) {
    return encode.encode(prompts, length, true, List.of(layer(encode.config())), false, adaptation);
  }

  /** The truncated part of a prompt. */
  public TruncatedPrompt truncated(String prompt, int length) {
    return encode.truncated(prompt, length, true);
  }

  /** The adapted transformer. */
  public ZImageTransformer2DModel transformer(Adaptation adaptation) {
    return transformer.adapted(adaptation);
  }

  @Override
  public LoadedWeights weights(ModelComponent component) {
    return switch (component) {
      case TRANSFORMER -> transformer.weights();
      case TEXT_ENCODER -> encode.weights();
      default -> null;
    };
  }

  @Override
  public Autoencoder autoencoder() {
    return autoencoder;
  }
}
