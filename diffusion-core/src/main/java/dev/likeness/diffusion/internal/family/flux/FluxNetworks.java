package dev.likeness.diffusion.internal.family.flux;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.Capabilities.NonCommercial;
import dev.likeness.diffusion.internal.family.LoadedClip;
import dev.likeness.diffusion.internal.family.LoadedT5;
import dev.likeness.diffusion.internal.family.ModelComponents;
import dev.likeness.diffusion.internal.family.TrainingTarget;
import dev.likeness.diffusion.internal.family.TransformerNetworks;
import dev.likeness.diffusion.internal.nn.SegmentRunner;
import dev.likeness.diffusion.internal.nn.transformer.LatentPacking;
import dev.likeness.diffusion.internal.nn.transformer.RotaryEmbedding;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.internal.text.TextEncoding;
import dev.likeness.diffusion.tensor.Compute;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The networks of a FLUX.1 model (dev, schnell and similar), opened and checked. Immutable and
 * shared by threads.
 */
public final class FluxNetworks extends TransformerNetworks<FluxConfig, FluxTransformer2DModel> {
  /** A token is a square of two by two latent pixels. */
  static final int PATCH_SIZE = 4;

  /** The licence of dev, Fill and Kontext, and of models made from them. */
  private static final String LICENCE = "FLUX.1 [dev] Non-Commercial License";

  /** The numbers of blocks of FLUX.1. Smaller models with a guidance input may have any licence. */
  private static final int BLOCKS = 19;

  private static final int SINGLE_BLOCKS = 38;

  private final boolean isKontext;
  private final LoadedClip clip;
  private final LoadedT5 t5;

  private FluxNetworks(ModelComponents files, Compute compute) {
    super(files, compute);
    this.isKontext = isKontext(files);
    try {
      clip = ownComponent(LoadedClip.open(files, ModelComponent.TEXT_ENCODER, compute, 0));
      t5 = ownComponent(LoadedT5.open(files, ModelComponent.TEXT_ENCODER_2, compute));
      openTransformer(
          files,
          FluxTransformer2DModel.BLOCKS,
          FluxConfig::of,
          FluxTransformer2DModel::new,
          List.of());
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
  public static FluxNetworks open(ModelComponents files, Compute compute) {
    files.requireClass("transformer", "FluxTransformer2DModel");
    files.requireClass("text_encoder", "CLIPTextModel");
    files.requireClass("text_encoder_2", "T5EncoderModel");
    files.requireClass("vae", "AutoencoderKL", "AutoencoderTiny");
    return new FluxNetworks(files, compute);
  }

  private void requireLatents(ModelComponents files) {
    if (config().outChannels() != PATCH_SIZE * autoencoder().latentChannels()) {
      throw new InvalidInputException(files.describe() + ": the transformer has "
          + config().outChannels() + " output channels, expected "
          + PATCH_SIZE * autoencoder().latentChannels() + " (4 times the "
          + autoencoder().latentChannels()
          + " channels of the latents); give components of one model");
    }
    if (config().inChannels() != config().outChannels() && !isFill()) {
      throw new InvalidInputException(files.describe() + ": the transformer takes "
          + config().inChannels() + " channels, expected " + config().outChannels() + ", or "
          + fillChannels() + " for Fill; FLUX.1 Canny and Depth are not supported:"
          + " use FLUX.1 dev with a ControlNet");
    }
  }

  private int fillChannels() {
    return PATCH_SIZE
        * (2 * autoencoder().latentChannels()
            + autoencoder().vaeScaleFactor() * autoencoder().vaeScaleFactor());
  }

  /** Returns true if the transformer takes a mask and the masked image (Fill). */
  public boolean isFill() {
    return config().inChannels() == fillChannels();
  }

  /** Returns true if the files are those of Kontext. */
  static boolean isKontext(ModelComponents files) {
    return files.pipeline().contains("Kontext");
  }

  /** Returns true if the transformer takes a reference image to edit (Kontext). */
  public boolean isKontext() {
    return isKontext;
  }

  /**
   * The licence of dev, Fill and Kontext; null for others. Of the models with FLUX.1's blocks, only
   * these and models made from them have a guidance input.
   */
  NonCommercial nonCommercial() {
    boolean isDev = config().guidanceEmbeds()
        && config().layers() == BLOCKS
        && config().singleLayers() == SINGLE_BLOCKS;
    return isKontext
        ? new NonCommercial("FLUX.1 Kontext", LICENCE)
        : isFill()
            ? new NonCommercial("FLUX.1 Fill", LICENCE)
            : isDev ? new NonCommercial("FLUX.1 dev", LICENCE) : null;
  }

  /** CLIP, whose pooled text conditions the transformer. */
  public LoadedClip clip() {
    return clip;
  }

  /** T5, whose outputs the transformer attends to. */
  public LoadedT5 t5() {
    return t5;
  }

  /** FLUX.1: CLIP's pooled text and T5's tokens. */
  record FluxTrainingTarget(FluxNetworks model) implements TrainingTarget {
    /** The latent pixels of a token. */
    private static final int PIXELS_PER_TOKEN = 4;

    private static final double LEARNING_RATE = 1e-4;
    /** The guidance input of a guidance-distilled network in training, as in diffusers' script. */
    private static final double GUIDANCE = 3.5;

    /**
     * The target, or the reason that training is not supported: a {@link TrainingTarget} or a
     * {@link TrainingTarget.Refusal}.
     */
    static Object of(FluxNetworks model) {
      Refusal refusal = TrainingTarget.refusal(
          "inpainting",
          model.config().inChannels(),
          PIXELS_PER_TOKEN * model.autoencoder().latentChannels());
      return refusal == null ? new FluxTrainingTarget(model) : refusal;
    }

    @Override
    public Recipe recipe() {
      return new Recipe(model.config().width(), LEARNING_RATE, false);
    }

    @Override
    public int sizeMultiple() {
      return 2 * model.autoencoder().vaeScaleFactor();
    }

    @Override
    public List<LoadedClip> clipTextEncoders() {
      return List.of(model.clip());
    }

    @Override
    public Optional<TrainingTarget.LongText> longText() {
      return Optional.of(new TrainingTarget.LongText(model.t5(), FluxModel.TEXT_TOKENS));
    }

    @Override
    public TextEncoding encode(List<String> texts, Tensor byT5, Trained trained) {
      return new TextEncoding(
          byT5, TrainingTarget.encode(model.clip(), texts, trained, model).pooled());
    }

    @Override
    public Tensor predict(
        Trained trained,
        Tensor noised,
        double[] levels,
        TextEncoding text,
        SegmentRunner segments) {
      long height = noised.size(2);
      long width = noised.size(3);
      FluxTransformer2DModel.Inputs conditioning = new FluxTransformer2DModel.Inputs(
          text.tokens(), text.pooled(), TrainingTarget.perImageNumbers(model, 1, GUIDANCE));
      Tensor positions = LatentPacking.positionsAfterText(text.tokens().size(1), height, width)
          .to(new Device(model.compute().device()), ScalarType.Float);
      FluxTransformer2DModel network =
          new FluxTransformer2DModel(model.config(), trained.network(ModelComponent.TRANSFORMER));
      Tensor answer = network.forward(
          LatentPacking.pack(Tensors.place(model.compute(), noised)),
          TrainingTarget.perImageNumbers(model, 1, levels),
          conditioning,
          RotaryEmbedding.of(positions, model.config().axes()),
          segments);
      return LatentPacking.unpack(answer, height, width);
    }
  }
}
