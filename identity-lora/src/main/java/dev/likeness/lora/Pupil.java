package dev.likeness.lora;

import dev.likeness.diffusion.internal.adapter.Part;
import dev.likeness.diffusion.internal.family.Networks;
import dev.likeness.diffusion.internal.family.flux.Flux;
import dev.likeness.diffusion.internal.family.sd3.StableDiffusion3;
import dev.likeness.diffusion.internal.family.stablediffusion.StableDiffusion;
import dev.likeness.diffusion.internal.nn.Segments;
import dev.likeness.diffusion.internal.text.ClipTextEncoder;
import dev.likeness.diffusion.internal.text.PromptEncoder;
import dev.likeness.diffusion.internal.text.TextEncoding;
import dev.likeness.diffusion.internal.text.TextTower;
import dev.likeness.lora.internal.training.Learner;
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
  Part part();

  /** What the sides of pictures that it learns from are a multiple of, in pixels. */
  int unit();

  /** CLIP's text encoders, which can learn, and whose tokenizers can learn words. */
  List<TextTower> towers();

  /** How T5 reads texts, where it is one of the encoders. */
  default Optional<LongText> longText() {
    return Optional.empty();
  }

  /**
   * Texts as the network is told them; gradients flow through the encoders that learn.
   *
   * @param byT5 the texts as {@link #longText} reads them, or null where nothing does
   */
  TextEncoding encode(List<String> texts, Tensor byT5, Learner learner);

  /**
   * The answer for noised latents [batch, channels, h, w], f32 on the CPU; its own type, where the
   * model computes.
   *
   * @param levels of noise, one for each picture
   */
  Tensor answer(
      Learner learner, Tensor noised, double[] levels, TextEncoding text, Segments segments);

  /**
   * The pupil that a model is.
   *
   * @throws IllegalArgumentException when it is not taught here: in f16, with a language model, or
   *     shown more than latents
   */
  static Pupil of(Networks model) {
    model.compute().requireGradients();
    if (model instanceof Flux flux) {
      requireLatents(
          "filling or control",
          flux.config().inChannels(),
          PACKED * flux.autoencoder().latentChannels());
      return new FluxPupil(flux);
    }
    if (model instanceof StableDiffusion3 three) {
      return new Sd3Pupil(three);
    }
    if (model instanceof StableDiffusion networks) {
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
      TextTower tower, List<String> texts, Learner learner, Networks model) {
    ClipTextEncoder encoder = new ClipTextEncoder(tower.config(), learner.network(tower.part()));
    PromptEncoder plain = new PromptEncoder(tower.tokenizer(), encoder, model.compute());
    return learner.reading(plain, tower).encode(texts, tower.layersLeftOut());
  }

  /** One number for each picture, f32, where the model computes. */
  static Tensor numbers(Networks model, double factor, double... levels) {
    float[] values = new float[levels.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (levels[i] * factor);
    }
    return torch.tensor(values).to(new Device(model.compute().device()), ScalarType.Float);
  }
}
