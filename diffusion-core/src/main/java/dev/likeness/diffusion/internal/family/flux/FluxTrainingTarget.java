package dev.likeness.diffusion.internal.family.flux;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.LayerPositions;
import dev.likeness.diffusion.internal.family.LoadedClip;
import dev.likeness.diffusion.internal.family.StreamPositions;
import dev.likeness.diffusion.internal.family.TrainingTarget;
import dev.likeness.diffusion.internal.nn.SegmentRunner;
import dev.likeness.diffusion.internal.nn.transformer.LatentPacking;
import dev.likeness.diffusion.internal.nn.transformer.RotaryEmbedding;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.internal.text.TextEncoding;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

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
        "filling or control",
        model.config().inChannels(),
        PIXELS_PER_TOKEN * model.autoencoder().latentChannels());
    return refusal == null ? new FluxTrainingTarget(model) : refusal;
  }

  @Override
  public Recipe recipe() {
    return new Recipe(model.config().width(), LEARNING_RATE, false);
  }

  @Override
  public LayerPositions layerPositions(int places) {
    return StreamPositions.of(places, FluxModel.TEXT_TOKENS, model.config().heads(), true, true);
  }

  @Override
  public ModelComponent component() {
    return ModelComponent.TRANSFORMER;
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
      Trained trained, Tensor noised, double[] levels, TextEncoding text, SegmentRunner segments) {
    long height = noised.size(2);
    long width = noised.size(3);
    FluxTransformer2DModel.Inputs conditioning = new FluxTransformer2DModel.Inputs(
        text.tokens(), text.pooled(), TrainingTarget.perImageNumbers(model, 1, GUIDANCE));
    Tensor positions = torch
        .cat(
            new TensorVector(
                torch.zeros(text.tokens().size(1), 3), LatentPacking.positions(height, width, 0)),
            0)
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
