package dev.likeness.diffusion.internal.family.zimage;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.family.LoadedQwen3;
import dev.likeness.diffusion.internal.family.ModelComponents;
import dev.likeness.diffusion.internal.family.TransformerNetworks;
import dev.likeness.diffusion.internal.text.Qwen3Config;
import dev.likeness.diffusion.internal.text.TextEncoding;
import dev.likeness.diffusion.internal.text.TextEncoding.TruncatedPrompt;
import dev.likeness.diffusion.tensor.Compute;
import java.util.List;

/**
 * The networks of a Z-Image model, opened and checked; its text encoder is a Qwen3 language model
 * with thinking enabled; padding is not read. Immutable and shared by threads.
 */
public final class ZImageNetworks
    extends TransformerNetworks<ZImageConfig, ZImageTransformer2DModel> {
  private final LoadedQwen3 encode;

  private ZImageNetworks(ModelComponents files, Compute compute) {
    super(files, compute);
    try {
      encode = ownComponent(LoadedQwen3.open(files, compute));
      openTransformer(
          files,
          ZImageTransformer2DModel.BLOCKS,
          ZImageConfig::of,
          ZImageTransformer2DModel::new,
          List.of());
      encode.requireLayers(files, List.of(layer(encode.config())), config().textWidth());
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
    if (config().channels() != autoencoder().latentChannels()) {
      throw new InvalidInputException(files.describe() + ": the transformer has "
          + config().channels() + " channels, but the autoencoder has "
          + autoencoder().latentChannels()
          + "; give components of one model");
    }
  }

  /** Encodes prompts, one row each; see {@link LoadedQwen3#encode}. */
  public TextEncoding encode(List<String> prompts, int length, Adaptation adaptation) {
    return encode.encode(prompts, length, true, List.of(layer(encode.config())), false, adaptation);
  }

  /** The truncated part of a prompt. */
  public TruncatedPrompt truncated(String prompt, int length) {
    return encode.truncated(prompt, length, true);
  }
}
