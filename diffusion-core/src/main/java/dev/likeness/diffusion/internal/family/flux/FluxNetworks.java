package dev.likeness.diffusion.internal.family.flux;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.LoadedAutoencoder;
import dev.likeness.diffusion.internal.family.LoadedClip;
import dev.likeness.diffusion.internal.family.LoadedT5;
import dev.likeness.diffusion.internal.family.ModelParts;
import dev.likeness.diffusion.internal.family.NetworksBase;
import dev.likeness.diffusion.internal.family.OpenNetworks;
import dev.likeness.diffusion.internal.family.SchedulerFile;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.vae.Autoencoder;
import dev.likeness.diffusion.tensor.Compute;
import java.util.List;

/**
 * The networks of a FLUX.1 model (dev, schnell and their kin), opened and checked. Immutable and
 * shared by threads.
 */
public final class FluxNetworks extends NetworksBase {
  /** A token is a square of two by two latent pixels. */
  private static final int PATCH_SIZE = 4;

  private final boolean isKontext;
  private final LoadedClip clip;
  private final LoadedT5 t5;
  private final OpenNetworks.Network<FluxConfig, FluxTransformer2DModel> transformer;
  private final Autoencoder autoencoder;

  private FluxNetworks(ModelParts files, Compute compute) {
    super(files, compute, SchedulerFile.read(files.scheduler()));
    this.isKontext = files.pipeline().contains("Kontext");
    try {
      clip = own(LoadedClip.open(files, ModelComponent.TEXT_ENCODER, compute, 0));
      t5 = own(LoadedT5.open(files, ModelComponent.TEXT_ENCODER_2, compute));
      transformer =
          own(OpenNetworks.Network.of(files, compute, FluxConfig::of, FluxTransformer2DModel::new));
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
   * @throws InvalidInputException when a part is missing, misshapen, left over, or of a class that
   *     is not supported
   */
  public static FluxNetworks open(ModelParts files, Compute compute) {
    files.requireClass("transformer", "FluxTransformer2DModel");
    files.requireClass("text_encoder", "CLIPTextModel");
    files.requireClass("text_encoder_2", "T5EncoderModel");
    files.requireClass("vae", "AutoencoderKL", "AutoencoderTiny");
    return new FluxNetworks(files, compute);
  }

  private void requireLatents(ModelParts files) {
    if (config().outChannels() != PATCH_SIZE * autoencoder.latentChannels()) {
      throw new InvalidInputException(files.describe() + ": the transformer answers with "
          + config().outChannels() + " channels, expected 4 times the autoencoder's "
          + autoencoder.latentChannels() + "; they are of different models");
    }
    if (config().inChannels() != config().outChannels() && !isFill()) {
      throw new InvalidInputException(files.describe() + ": the transformer is shown "
          + config().inChannels() + " channels, expected "
          + config().outChannels() + ", or " + fillChannels()
          + " as of Fill; FLUX.1 Canny and Depth, which are shown an image of"
          + " edges or distances beside the sample, are not supported: give dev with a ControlNet");
    }
  }

  private int fillChannels() {
    return PATCH_SIZE
        * (2 * autoencoder.latentChannels()
            + autoencoder.vaeScaleFactor() * autoencoder.vaeScaleFactor());
  }

  /**
   * Whether the transformer is shown a mask and the masked image beside the sample, to paint there
   * (Fill).
   */
  public boolean isFill() {
    return config().inChannels() == fillChannels();
  }

  /** Whether the transformer is shown a whole image beside the sample, to edit it (Kontext). */
  public boolean isKontext() {
    return isKontext;
  }

  /** CLIP, whose pooled text the transformer listens to. */
  public LoadedClip clip() {
    return clip;
  }

  /** T5, whose tokens the transformer attends to. */
  public LoadedT5 t5() {
    return t5;
  }

  public FluxConfig config() {
    return transformer.config();
  }

  /** The transformer as an adaptation has it. */
  public FluxTransformer2DModel transformer(Adaptation adaptation) {
    return transformer.adapted(adaptation);
  }

  @Override
  public LoadedWeights weights(ModelComponent part) {
    return switch (part) {
      case TRANSFORMER -> transformer.weights();
      case TEXT_ENCODER -> clip.weights();
      case TEXT_ENCODER_2 -> t5.weights();
      default -> null;
    };
  }

  @Override
  public Autoencoder autoencoder() {
    return autoencoder;
  }
}
