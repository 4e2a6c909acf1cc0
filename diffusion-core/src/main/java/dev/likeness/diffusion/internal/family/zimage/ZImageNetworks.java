package dev.likeness.diffusion.internal.family.zimage;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.family.LoadedQwen3;
import dev.likeness.diffusion.internal.family.ModelComponents;
import dev.likeness.diffusion.internal.family.TransformerNetworks;
import dev.likeness.diffusion.internal.text.Qwen3Config;
import dev.likeness.diffusion.tensor.Compute;
import java.util.List;

/**
 * The networks of a Z-Image model, opened and checked; its text encoder is a Qwen3 language model
 * with thinking enabled; padding is not read. Immutable and shared by threads.
 */
public final class ZImageNetworks
    extends TransformerNetworks<ZImageConfig, ZImageTransformer2DModel> {
  private final LoadedQwen3 textEncoder;

  private ZImageNetworks(ModelComponents files, Compute compute) {
    super(files, compute);
    try {
      textEncoder = ownComponent(LoadedQwen3.open(
          files, compute, config -> new LoadedQwen3.Reading(true, List.of(layer(config)), false)));
      openTransformer(
          files,
          ZImageTransformer2DModel.BLOCKS,
          ZImageConfig::of,
          ZImageTransformer2DModel::new,
          List.of());
      textEncoder.requireLayers(files, config().textWidth());
      requireLatents(files, config().channels());
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

  /** Returns the text encoder. */
  public LoadedQwen3 textEncoder() {
    return textEncoder;
  }
}
