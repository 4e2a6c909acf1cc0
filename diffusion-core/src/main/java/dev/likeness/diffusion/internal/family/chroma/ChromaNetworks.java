package dev.likeness.diffusion.internal.family.chroma;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.LoadedT5;
import dev.likeness.diffusion.internal.family.ModelComponents;
import dev.likeness.diffusion.internal.family.TransformerNetworks;
import dev.likeness.diffusion.tensor.Compute;
import java.util.List;

/** The networks of a Chroma model, opened and checked. Immutable and shared by threads. */
final class ChromaNetworks extends TransformerNetworks<ChromaConfig, ChromaTransformer2DModel> {
  /** Latent pixels of a token. */
  static final int PIXELS_PER_TOKEN = 4;

  private final LoadedT5 t5;

  private ChromaNetworks(ModelComponents files, Compute compute) {
    super(files, compute);
    try {
      t5 = ownComponent(LoadedT5.open(files, ModelComponent.TEXT_ENCODER, compute));
      openTransformer(
          files,
          ChromaTransformer2DModel.BLOCKS,
          ChromaConfig::of,
          ChromaTransformer2DModel::new,
          List.of());
      requireLatents(files);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * Opens a model and checks every tensor against its configuration.
   *
   * @throws InvalidInputException if a component is missing, or has wrong shapes, unknown tensors
   *     or an unsupported class
   */
  public static ChromaNetworks open(ModelComponents files, Compute compute) {
    files.requireClass("transformer", ChromaFamily.CLASS);
    files.requireClass("text_encoder", "T5EncoderModel");
    files.requireClass("vae", "AutoencoderKL", "AutoencoderTiny");
    return new ChromaNetworks(files, compute);
  }

  private void requireLatents(ModelComponents files) {
    int expected = PIXELS_PER_TOKEN * autoencoder().latentChannels();
    if (config().inChannels() != expected || config().outChannels() != expected) {
      throw new InvalidInputException(files.describe() + ": the transformer has "
          + config().inChannels() + " input and " + config().outChannels()
          + " output channels, expected " + expected + " of each (4 times the "
          + autoencoder().latentChannels()
          + " channels of the latents); give components of one model");
    }
    if (config().textWidth() != t5.config().width()) {
      throw new InvalidInputException(files.describe()
          + ": the transformer takes text embeddings of width " + config().textWidth()
          + ", but the text encoder has width " + t5.config().width()
          + "; give components of one model");
    }
  }

  /** T5, whose outputs the transformer attends to. */
  public LoadedT5 t5() {
    return t5;
  }
}
