package dev.likeness.diffusion.internal.family.flux2;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.LoadedQwen3;
import dev.likeness.diffusion.internal.family.ModelComponents;
import dev.likeness.diffusion.internal.family.TrainingTarget;
import dev.likeness.diffusion.internal.family.TransformerNetworks;
import dev.likeness.diffusion.internal.nn.SegmentRunner;
import dev.likeness.diffusion.internal.nn.transformer.RotaryEmbedding;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.internal.text.TextEncoding;
import dev.likeness.diffusion.tensor.Compute;
import java.util.List;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;

/**
 * The networks of a FLUX.2 klein model, opened and checked. Its text encoder is a Qwen3 language
 * model. Immutable and shared by threads.
 */
public final class Flux2Networks extends TransformerNetworks<Flux2Config, Flux2Transformer2DModel> {
  /** The layers of the language model whose outputs the transformer takes. */
  static final List<Integer> TEXT_LAYERS = List.of(9, 18, 27);

  private static final String KV_PIPELINE = "Flux2KleinKVPipeline";

  private final boolean isDistilled;
  private final boolean keepsReferences;
  private final LoadedQwen3 textEncoder;

  private Flux2Networks(ModelComponents files, Compute compute) {
    super(files, compute);
    keepsReferences = keepsReferences(files);
    isDistilled = isDistilled(files);
    try {
      textEncoder = ownComponent(LoadedQwen3.open(
          files, compute, config -> new LoadedQwen3.Reading(false, TEXT_LAYERS, true)));
      openTransformer(
          files,
          Flux2Transformer2DModel.BLOCKS,
          Flux2Config::of,
          Flux2Transformer2DModel::new,
          List.of(AutoencoderKLFlux2.KIND));
      textEncoder.requireLayers(files, config().textWidth());
      requireLatents(files, config().inChannels());
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
  public static Flux2Networks open(ModelComponents files, Compute compute) {
    files.requireClass("transformer", "Flux2Transformer2DModel");
    files.requireClass("text_encoder", "Qwen3ForCausalLM", "Qwen3Model");
    files.requireClass("vae", AutoencoderKLFlux2.KIND.className());
    return new Flux2Networks(files, compute);
  }

  private static boolean keepsReferences(ModelComponents files) {
    return files.pipeline().equals(KV_PIPELINE);
  }

  /** Returns true if the files are those of a distilled model. */
  static boolean isDistilled(ModelComponents files) {
    return keepsReferences(files) || files.option("is_distilled");
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

  /** Returns the text encoder. */
  public LoadedQwen3 textEncoder() {
    return textEncoder;
  }

  /** Trains klein's transformer as diffusers' {@code train_dreambooth_lora_flux2_klein.py}. */
  record Flux2TrainingTarget(Flux2Networks model) implements TrainingTarget {
    private static final double LEARNING_RATE = 1e-4;
    private static final int RANK = 16;

    /**
     * The target, or the refusal of the KV variant, whose references have networks of their own.
     */
    static Object of(Flux2Networks model) {
      return model.keepsReferences
          ? new Refusal("a base that caches the attention keys and values of reference images"
              + " cannot be trained; train FLUX.2 klein base, and use the LoRA on this base")
          : new Flux2TrainingTarget(model);
    }

    @Override
    public Recipe recipe() {
      return new Recipe(model.config().width(), LEARNING_RATE, false, RANK, true);
    }

    @Override
    public boolean usesMode() {
      return true;
    }

    @Override
    public Distillation distillation() {
      return model.isDistilled ? Distillation.CERTAIN : Distillation.NONE;
    }

    @Override
    public int sizeMultiple() {
      return model.autoencoder().vaeScaleFactor();
    }

    @Override
    public TextEncoding encode(List<String> texts, Tensor byT5, Trained trained) {
      return model.textEncoder.encode(texts, LoadedQwen3.TOKENS, Adaptation.NONE);
    }

    @Override
    public Tensor predict(
        Trained trained,
        Tensor noised,
        double[] levels,
        TextEncoding text,
        SegmentRunner segments) {
      RotaryEmbedding rotation = Flux2Config.Flux2Positions.rotation(
          model.config(),
          text.tokens().size(1),
          noised.size(2),
          noised.size(3),
          List.of(),
          new Device(model.compute().device()));
      return new Flux2Transformer2DModel(
              model.config(), trained.network(ModelComponent.TRANSFORMER))
          .forward(
              Tensors.place(model.compute(), noised).flatten(2, 3).transpose(1, 2),
              TrainingTarget.perImageNumbers(model, 1, levels),
              text.tokens(),
              rotation,
              segments)
          .transpose(1, 2)
          .reshape(noised.size(0), -1, noised.size(2), noised.size(3));
    }
  }
}
