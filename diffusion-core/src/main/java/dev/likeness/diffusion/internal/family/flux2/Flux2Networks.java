package dev.likeness.diffusion.internal.family.flux2;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.LoadedAutoencoder;
import dev.likeness.diffusion.internal.family.LoadedQwen3;
import dev.likeness.diffusion.internal.family.ModelParts;
import dev.likeness.diffusion.internal.family.NetworksBase;
import dev.likeness.diffusion.internal.family.OpenNetworks;
import dev.likeness.diffusion.internal.family.SchedulerFile;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.text.TextEncoding;
import dev.likeness.diffusion.internal.text.TextEncoding.TruncatedPrompt;
import dev.likeness.diffusion.internal.vae.Autoencoder;
import dev.likeness.diffusion.tensor.Compute;
import java.util.List;

/**
 * The networks of a FLUX.2 klein model, opened and checked. Its text encoder is a Qwen3 language
 * model. Immutable and shared by threads.
 */
public final class Flux2Networks extends NetworksBase {
  /** The layers of the language model whose outputs the transformer takes. */
  static final List<Integer> TEXT_LAYERS = List.of(9, 18, 27);

  private static final String KV_PIPELINE = "Flux2KleinKVPipeline";

  private final boolean isDistilled;
  private final boolean keepsReferences;
  private final LoadedQwen3 encode;
  private final OpenNetworks.Network<Flux2Config, Flux2Transformer2DModel> transformer;
  private final Autoencoder autoencoder;

  private Flux2Networks(ModelParts files, Compute compute) {
    super(files, compute, SchedulerFile.read(files.scheduler()));
    keepsReferences = files.pipeline().equals(KV_PIPELINE);
    isDistilled = keepsReferences || files.option("is_distilled");
    try {
      encode = own(LoadedQwen3.open(files, compute));
      transformer = own(
          OpenNetworks.Network.of(files, compute, Flux2Config::of, Flux2Transformer2DModel::new));
      encode.requireLayers(files, TEXT_LAYERS, config().textWidth());
      transformer.check();
      autoencoder = own(LoadedAutoencoder.open(files, compute, List.of(AutoencoderKLFlux2.KIND)));
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
  public static Flux2Networks open(ModelParts files, Compute compute) {
    files.requireClass("transformer", "Flux2Transformer2DModel");
    files.requireClass("text_encoder", "Qwen3ForCausalLM", "Qwen3Model");
    files.requireClass("vae", AutoencoderKLFlux2.KIND.className());
    return new Flux2Networks(files, compute);
  }

  private void requireLatents(ModelParts files) {
    if (config().inChannels() != autoencoder.latentChannels()) {
      throw new InvalidInputException(files.describe() + ": the transformer has "
          + config().inChannels() + " channels, the autoencoder has " + autoencoder.latentChannels()
          + "; give components of one model");
    }
  }

  /** Returns true if the model is distilled and runs without guidance. */
  public boolean isDistilled() {
    return isDistilled;
  }

  /**
   * Returns true for the KV variant: the keys of reference images are computed once and kept. Its
   * tensors do not differ from another klein's; the pipeline class alone tells it.
   */
  boolean keepsReferences() {
    return keepsReferences;
  }

  public Flux2Config config() {
    return transformer.config();
  }

  /** Encodes prompts, one row each; see {@link LoadedQwen3#encode}. */
  public TextEncoding encode(List<String> prompts, int length, Adaptation adaptation) {
    return encode.encode(prompts, length, false, TEXT_LAYERS, true, adaptation);
  }

  /** The truncated part of a prompt. */
  public TruncatedPrompt truncated(String prompt, int length) {
    return encode.truncated(prompt, length, false);
  }

  /** The adapted transformer. */
  public Flux2Transformer2DModel transformer(Adaptation adaptation) {
    return transformer.adapted(adaptation);
  }

  @Override
  public LoadedWeights weights(ModelComponent part) {
    return switch (part) {
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
