package dev.likeness.diffusion.model;

import dev.likeness.diffusion.adapt.Adaptation;
import dev.likeness.diffusion.adapt.Part;
import dev.likeness.diffusion.error.UnusableInput;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.transformer.FluxConfig;
import dev.likeness.diffusion.transformer.FluxTransformer2DModel;
import dev.likeness.diffusion.vae.Autoencoder;
import dev.likeness.diffusion.weights.LoadedWeights;
import dev.likeness.diffusion.weights.Weights;
import dev.likeness.schedulers.SchedulerConfig;
import java.util.Set;

/** The networks of a FLUX.1 model (dev, schnell and their kin), opened and checked. Immutable and shared by threads. */
public final class Flux implements Networks {
  private final OpenParts open = new OpenParts();
  private final Compute compute;
  private final boolean edits;
  private final SchedulerConfig scheduler;
  private final TextTower clip;
  private final T5Tower t5;
  private final FluxConfig config;
  private final LoadedWeights weights;
  private final Autoencoder autoencoder;

  private Flux(ModelFiles files, Compute compute) {
    this.compute = compute;
    this.edits = files.pipeline().contains("Kontext");
    try {
      scheduler = SchedulerFile.read(files.scheduler(), false);
      clip = open.add(TextTower.open(files, Part.TEXT_ENCODER, compute, 0));
      t5 = open.add(T5Tower.open(files, Part.TEXT_ENCODER_2, compute));
      config = FluxConfig.of(files.config(Part.TRANSFORMER.folder()));
      weights = open.add(files.load(Part.TRANSFORMER.folder(), compute));
      weights.check(tensors -> new FluxTransformer2DModel(config, tensors), Set.of());
      weights.loadViews();
      autoencoder = open.add(AutoencoderFile.open(files, compute));
      requireLatents(files);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * Opens a model and checks every tensor against its config.
   *
   * @throws UnusableInput when a part is missing, misshapen, left over, or of a class that is not supported
   */
  public static Flux open(ModelFiles files, Compute compute) {
    Classes.require(files, "transformer", "FluxTransformer2DModel");
    Classes.require(files, "text_encoder", "CLIPTextModel");
    Classes.require(files, "text_encoder_2", "T5EncoderModel");
    Classes.require(files, "vae", "AutoencoderKL", "AutoencoderTiny");
    return new Flux(files, compute);
  }

  // A token is a square of two by two latent pixels.
  private void requireLatents(ModelFiles files) {
    if (config.outChannels() != 4 * autoencoder.latentChannels()) {
      throw new UnusableInput(files.describe() + ": the transformer answers with " + config.outChannels()
          + " channels, expected 4 times the autoencoder's " + autoencoder.latentChannels() + "; they are of different models");
    }
  }

  @Override
  public Compute compute() {
    return compute;
  }

  /** Whether the transformer is shown a whole picture beside the sample, to edit it (Kontext). */
  public boolean edits() {
    return edits;
  }

  /** CLIP, whose pooled text the transformer listens to. */
  public TextTower clip() {
    return clip;
  }

  /** T5, whose tokens the transformer attends to. */
  public T5Tower t5() {
    return t5;
  }

  public FluxConfig config() {
    return config;
  }

  /** The transformer as an adaptation has it. */
  public FluxTransformer2DModel transformer(Adaptation adaptation) {
    return new FluxTransformer2DModel(config, Weights.of(weights, adaptation));
  }

  @Override
  public LoadedWeights weights(Part part) {
    return switch (part) {
      case TRANSFORMER -> weights;
      case TEXT_ENCODER -> clip.weights();
      case TEXT_ENCODER_2 -> t5.weights();
      default -> null;
    };
  }

  @Override
  public Autoencoder autoencoder() {
    return autoencoder;
  }

  @Override
  public SchedulerConfig scheduler() {
    return scheduler;
  }

  @Override
  public void close() {
    open.close();
  }
}
