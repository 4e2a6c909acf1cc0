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

/** Capability: the denoising network can be trained. */
public interface TrainingTarget {
  /** Returns the denoising network's component. */
  default ModelComponent component() {
    return ModelComponent.TRANSFORMER;
  }

  /** What the network is trained to predict. */
  default Objective objective() {
    return Objective.FLOW_MATCHING;
  }

  /** The number of pixels of which the sides of training images must be multiples. */
  int sizeMultiple();

  /**
   * CLIP's text encoders, which can be trained, and whose tokenizers can take placeholder tokens.
   */
  default List<LoadedClip> clipTextEncoders() {
    return List.of();
  }

  /** T5, if it is one of the text encoders. */
  default Optional<LongText> longText() {
    return Optional.empty();
  }

  /** The recommended settings for this base. */
  Recipe recipe();

  /**
   * Returns true if latents of training images are the mode of the autoencoder's distribution;
   * false if each step samples from it.
   */
  default boolean usesMode() {
    return false;
  }

  /** Returns whether the model is distilled, so that a LoRA needs a training adapter. */
  default Distillation distillation() {
    return Distillation.NONE;
  }

  /**
   * Encodes texts; gradients flow through the encoders that are trained.
   *
   * @param byT5 the texts encoded by {@link #longText}, or null without it
   */
  TextEncoding encode(List<String> texts, Tensor byT5, Trained trained);

  /** The encoding of an empty negative prompt. */
  default TextEncoding emptyNegative(TextEncoding empty) {
    return empty;
  }

  /**
   * The prediction for noised latents [batch, channels, h, w], f32 on the CPU; the model's own
   * type, on its device.
   *
   * @param levels the noise levels, one for each image
   */
  Tensor predict(
      Trained trained, Tensor noised, double[] levels, TextEncoding text, SegmentRunner segments);

  /** The networks in training. Each call returns their current weights. */
  interface Trained {
    /** The weights of a component's network; gradients flow to the trained ones. */
    Weights network(ModelComponent component);

    /** Returns true if gradients reach this component, or its inputs. */
    boolean isTrained(ModelComponent component);

    /** The current state of {@code plain} in training. */
    default ClipPromptEncoder promptEncoder(ClipPromptEncoder plain, LoadedClip textEncoder) {
      return plain;
    }
  }

  /**
   * Settings of diffusers' training scripts.
   *
   * @param width channels of the network at full resolution
   * @param learningRate learning rate of a LoRA
   * @param textEncoders true if CLIP's encoders are trained too
   * @param rank rank of a LoRA
   * @param initialByRank true if the initial values of first factors have the standard deviation 1
   *     / rank (peft's {@code init_lora_weights="gaussian"}); false for 1 / sqrt(inputs)
   */
  record Recipe(
      int width, double learningRate, boolean textEncoders, int rank, boolean initialByRank) {
    /** The rank of peft's {@code LoraConfig}. */
    private static final int USUAL_RANK = 8;

    public Recipe(int width, double learningRate, boolean textEncoders) {
      this(width, learningRate, textEncoders, USUAL_RANK, false);
    }
  }

  /** What a network is trained to predict. */
  enum Objective {
    /** The noise of a timestep, or another prediction type of the scheduler's config. */
    DENOISING,
    /** The velocity from clean latents to noise. */
    FLOW_MATCHING
  }

  /** Whether a model is distilled to few steps. Training without an adapter undoes that. */
  enum Distillation {
    /** The model is not distilled. */
    NONE,
    /** The model has the marks of a distilled one. */
    LIKELY,
    /** The model is distilled. */
    CERTAIN
  }

  /**
   * The reason that a model of a trainable family cannot be trained.
   *
   * @param reason a sentence
   */
  record Refusal(String reason) {}

  /**
   * The training target of a model.
   *
   * @throws IllegalArgumentException if it cannot be trained: in f16, of an unsupported family, or
   *     with input beyond latents
   */
  static TrainingTarget of(OpenModel model) {
    model.compute().requireTrainable();
    return model
        .capability(TrainingTarget.class)
        .orElseThrow(() -> new IllegalArgumentException(model
            .capability(Refusal.class)
            .map(Refusal::reason)
            .orElse("training is not supported for this base; LoRAs from other"
                + " programs can be opened on it. Use a base of another family")));
  }

  /**
   * The reason that a base with more input channels than latents cannot be trained; null if the
   * numbers are equal.
   */
  static Refusal refusal(String kind, int given, int latents) {
    return given == latents
        ? null
        : new Refusal("a base for " + kind + " cannot be trained: its network takes " + given
            + " channels, but latents have " + latents
            + "; train the text-to-image base of its family");
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

  /** One number for each image, f32, on the model's device. */
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
   * @param tokens the number of tokens of a text
   * @param masked true if padding is masked in attention
   */
  public record LongText(LoadedT5 encoder, int tokens, boolean masked) {
    /** T5 without masked padding. */
    public LongText(LoadedT5 textEncoder, int tokens) {
      this(textEncoder, tokens, false);
    }

    /** Returns true if it is trained. */
    public boolean isTrained(TrainingTarget.Trained trained) {
      return trained.isTrained(encoder.component());
    }

    /**
     * Encodes texts with the trained encoder, or with the model's own if it is not trained; [batch,
     * tokens, width].
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
