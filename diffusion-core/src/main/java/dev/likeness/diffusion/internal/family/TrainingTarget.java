package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.nn.SegmentRunner;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.text.ClipPromptEncoder;
import dev.likeness.diffusion.internal.text.ClipTextEncoder;
import dev.likeness.diffusion.internal.text.T5Encoder;
import dev.likeness.diffusion.internal.text.TextEncoding;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Capability: the denoising network can be trained. Says how it is given texts, and how it is
 * called.
 */
public interface TrainingTarget {
  /** The network that noise is predicted with. */
  ModelComponent component();

  /** What the sides of training images are a multiple of, in pixels. */
  int sizeMultiple();

  /**
   * CLIP's text encoders, which can be trained, and whose tokenizers can take placeholder tokens.
   */
  List<LoadedClip> clipTextEncoders();

  /** How T5 reads texts, where it is one of the encoders. */
  default Optional<LongText> longText() {
    return Optional.empty();
  }

  /** What trains well on bases of full size. */
  Recipe recipe();

  /** At how many places layers compute for latents of {@code layerPositions} places. */
  LayerPositions layerPositions(int places);

  /**
   * Texts as the network is given them; gradients flow through the encoders that are trained.
   *
   * @param byT5 the texts as {@link #longText} reads them, or null where nothing does
   */
  TextEncoding encode(List<String> texts, Tensor byT5, Trained trained);

  /** Encodings of empty prompts as they stand for no negative prompt. */
  default TextEncoding emptyNegative(TextEncoding empty) {
    return empty;
  }

  /**
   * The prediction for noised latents [batch, channels, h, w], f32 on the CPU; its own type, where
   * the model computes.
   *
   * @param levels of noise, one for each image
   */
  Tensor predict(
      Trained trained, Tensor noised, double[] levels, TextEncoding text, SegmentRunner segments);

  /**
   * The networks as they are being trained: each call gives what they are built of as it is now.
   */
  interface Trained {
    /** What a component's network is built of; gradients flow to what is trained. */
    Weights network(ModelComponent part);

    /** Whether gradients reach this component, or its inputs. */
    boolean isTrained(ModelComponent part);

    /** {@code plain} as it reads prompts by now. */
    default ClipPromptEncoder promptEncoder(ClipPromptEncoder plain, LoadedClip textEncoder) {
      return plain;
    }
  }

  /**
   * Numbers of diffusers' training scripts.
   *
   * @param width channels of the network at an image's own size
   * @param learningRate of LoRAs
   * @param textEncoders whether CLIP's encoders are trained, too
   */
  record Recipe(int width, double learningRate, boolean textEncoders) {}

  /**
   * Why a model whose family is trained cannot be.
   *
   * @param reason a sentence
   */
  record Refusal(String reason) {}

  /**
   * The training target that a model is.
   *
   * @throws IllegalArgumentException when it cannot be trained: in f16, of a family that is not
   *     trained, or given more than latents
   */
  static TrainingTarget of(OpenModel model) {
    model.compute().requireTrainable();
    return model
        .capability(TrainingTarget.class)
        .orElseThrow(() -> new IllegalArgumentException(model
            .capability(Refusal.class)
            .map(Refusal::reason)
            .orElse("this kind of base cannot learn a person here; LoRAs taught"
                + " elsewhere can be opened on it. Give a base of a kind that can")));
  }

  /**
   * Why a base whose network is given more channels than its latents have cannot be trained; null
   * where it is not.
   */
  static Refusal refusal(String kind, int given, int latents) {
    return given == latents
        ? null
        : new Refusal(
            "a base made for " + kind + " cannot learn a person here: its network is shown " + given
                + " channels, latents have " + latents
                + "; teach the base of its family that draws from text alone");
  }

  /** Tokens and pooled text of one encoder. */
  static TextEncoding encode(
      LoadedClip textEncoder, List<String> texts, Trained trained, OpenNetworks model) {
    ClipTextEncoder encoder =
        new ClipTextEncoder(textEncoder.config(), trained.network(textEncoder.component()));
    ClipPromptEncoder plain =
        new ClipPromptEncoder(textEncoder.tokenizer(), encoder, model.compute());
    return trained.promptEncoder(plain, textEncoder).encode(texts, textEncoder.skippedLayers());
  }

  /** One number for each image, f32, where the model computes. */
  static Tensor perImageNumbers(OpenNetworks model, double factor, double... levels) {
    float[] values = new float[levels.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (levels[i] * factor);
    }
    return torch.tensor(values).to(new Device(model.compute().device()), ScalarType.Float);
  }

  /**
   * T5 as one of a network's text encoders.
   *
   * @param tokens how many of a text it reads
   * @param masked whether it leaves padding out of attention
   */
  public record LongText(LoadedT5 encoder, int tokens, boolean masked) {
    /** With padding in its attention. */
    public LongText(LoadedT5 textEncoder, int tokens) {
      this(textEncoder, tokens, false);
    }

    /** Whether the pattern of layers names it. */
    public boolean isTrained(TrainingTarget.Trained trained) {
      return trained.isTrained(encoder.component());
    }

    /**
     * Texts by what it has become, or by the model's own where it does not learn; [batch, tokens,
     * width].
     */
    public Tensor encode(List<String> texts, TrainingTarget.Trained trained) {
      T5Encoder encoder = isTrained(trained)
          ? new T5Encoder(this.encoder.config(), trained.network(this.encoder.component()))
          : this.encoder.encoder(Adaptation.NONE);
      return masked
          ? this.encoder.encodeMasked(texts, tokens, encoder).tokens()
          : this.encoder.encode(texts, tokens, encoder);
    }
  }
}
