package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.memory.BlockNames;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.vae.Autoencoder;
import dev.likeness.diffusion.internal.vae.AutoencoderKind;
import dev.likeness.diffusion.tensor.Compute;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * The opened networks of a model with a transformer, extended by each family of transformers.
 *
 * @param <C> the transformer's config
 * @param <T> the transformer
 */
public abstract class TransformerNetworks<C, T> extends OpenNetworks {
  private OpenTransformer<C, T> transformer;
  private Autoencoder autoencoder;

  /** Checks that the model has no networks of unsupported pipelines. */
  protected TransformerNetworks(ModelComponents files, Compute compute) {
    super(files, compute, SchedulerFile.read(files.scheduler()));
  }

  /**
   * Opens the transformer and the autoencoder, and checks every tensor against their configs. A
   * constructor calls it after it has opened the text encoders.
   *
   * @param blocks the blocks that memory is counted by
   * @param config reads the config
   * @param network builds the transformer from its config and weights
   * @param kinds the kinds of autoencoders that only this family has
   */
  protected final void openTransformer(
      ModelComponents files,
      BlockNames blocks,
      Function<ModelConfig, C> config,
      BiFunction<C, Weights, T> network,
      List<AutoencoderKind> kinds) {
    transformer = ownComponent(OpenTransformer.of(files, compute(), blocks, config, network));
    transformer.check();
    autoencoder = own(LoadedAutoencoder.open(files, compute(), kinds));
  }

  /**
   * Checks that the latents of the autoencoder have the channels that the transformer takes.
   *
   * @throws InvalidInputException if they have others
   */
  protected final void requireLatents(ModelComponents files, int channels) {
    if (channels != autoencoder.latentChannels()) {
      throw new InvalidInputException(files.describe() + ": the transformer takes " + channels
          + " channels, but the autoencoder has " + autoencoder.latentChannels()
          + "; give components of one model");
    }
  }

  /** Returns the transformer's config. */
  public final C config() {
    return transformer.config();
  }

  /** Returns the adapted transformer. */
  public final T transformer(Adaptation adaptation) {
    return transformer.adapted(adaptation);
  }

  @Override
  public final Autoencoder autoencoder() {
    return autoencoder;
  }
}
