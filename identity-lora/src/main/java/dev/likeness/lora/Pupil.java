package dev.likeness.lora;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.OpenNetworks;
import dev.likeness.diffusion.internal.family.flux.FluxNetworks;
import dev.likeness.diffusion.internal.family.sd3.Sd3Networks;
import dev.likeness.diffusion.internal.family.stablediffusion.StableDiffusionNetworks;
import dev.likeness.diffusion.internal.nn.SegmentRunner;
import dev.likeness.diffusion.internal.text.ClipPromptEncoder;
import dev.likeness.diffusion.internal.text.ClipTextEncoder;
import dev.likeness.diffusion.internal.text.LoadedClip;
import dev.likeness.diffusion.internal.text.TextEncoding;
import dev.likeness.lora.internal.training.TrainableNetworks;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** The network that learns, of whichever family: how it is told texts, and how it is asked. */
public interface Pupil {
  /** Latent pixels in a token of FLUX.1. */
  int PACKED = 4;

  /** How many numbers about sizes SDXL's refiner is told. */
  int REFINER = 5;

  /** The network that noise is predicted with. */
  ModelComponent part();

  /** What the sides of pictures that it learns from are a multiple of, in pixels. */
  int unit();

  /** CLIP's text encoders, which can learn, and whose tokenizers can learn words. */
  List<LoadedClip> towers();

  /** How T5 reads texts, where it is one of the encoders. */
  default Optional<LongText> longText() {
    return Optional.empty();
  }

  /**
   * Texts as the network is told them; gradients flow through the encoders that learn.
   *
   * @param byT5 the texts as {@link #longText} reads them, or null where nothing does
   */
  TextEncoding encode(List<String> texts, Tensor byT5, TrainableNetworks learner);

  /**
   * The answer for noised latents [batch, channels, h, w], f32 on the CPU; its own type, where the
   * model computes.
   *
   * @param levels of noise, one for each picture
   */
  Tensor answer(
      TrainableNetworks learner,
      Tensor noised,
      double[] levels,
      TextEncoding text,
      SegmentRunner segments);

  /**
   * The pupil that a model is.
   *
   * @throws IllegalArgumentException when it is not taught here: in f16, with a language model, or
   *     shown more than latents
   */
  static Pupil of(OpenNetworks model) {
    model.compute().requireGradients();
    if (model instanceof FluxNetworks flux) {
      requireLatents(
          "filling or control",
          flux.config().inChannels(),
          PACKED * flux.autoencoder().latentChannels());
      return new FluxPupil(flux);
    }
    if (model instanceof Sd3Networks three) {
      return new Sd3Pupil(three);
    }
    if (model instanceof StableDiffusionNetworks networks) {
      if (networks.sizeIds() == REFINER) {
        throw new IllegalArgumentException(
            "a refiner goes on with what another base drew, and cannot learn a person here; teach that base");
      }
      requireLatents(
          "inpainting",
          networks.unetConfig().inChannels(),
          networks.autoencoder().latentChannels());
      return new UNetPupil(networks);
    }
    throw new IllegalArgumentException(
        "a base with a language model cannot learn a person here; LoRAs taught elsewhere can be"
            + " opened on it. Give a base of Stable Diffusion or FLUX.1");
  }

  private static void requireLatents(String kind, int shown, int latents) {
    if (shown != latents) {
      throw new IllegalArgumentException(
          "a base made for " + kind + " cannot learn a person here: its network is shown " + shown
              + " channels, latents have " + latents
              + "; teach the base of its family that draws from text alone");
    }
  }

  /** Tokens and pooled text of one tower. */
  default TextEncoding encode(
      LoadedClip tower, List<String> texts, TrainableNetworks learner, OpenNetworks model) {
    ClipTextEncoder encoder = new ClipTextEncoder(tower.config(), learner.network(tower.part()));
    ClipPromptEncoder plain = new ClipPromptEncoder(tower.tokenizer(), encoder, model.compute());
    return learner.reading(plain, tower).encode(texts, tower.layersLeftOut());
  }

  /** One number for each picture, f32, where the model computes. */
  static Tensor numbers(OpenNetworks model, double factor, double... levels) {
    float[] values = new float[levels.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (levels[i] * factor);
    }
    return torch.tensor(values).to(new Device(model.compute().device()), ScalarType.Float);
  }
}
