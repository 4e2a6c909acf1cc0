package dev.likeness.lora;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.flux.FluxNetworks;
import dev.likeness.diffusion.internal.family.flux.FluxTransformer2DModel;
import dev.likeness.diffusion.internal.nn.SegmentRunner;
import dev.likeness.diffusion.internal.nn.transformer.LatentPacking;
import dev.likeness.diffusion.internal.nn.transformer.RotaryEmbedding;
import dev.likeness.diffusion.internal.text.LoadedClip;
import dev.likeness.diffusion.internal.text.TextEncoding;
import dev.likeness.lora.internal.training.TrainableNetworks;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** FLUX.1: CLIP's pooled text and T5's tokens. */
record FluxPupil(FluxNetworks model) implements Pupil {
  private static final int TEXT_TOKENS = 512;
  /** What a guidance-distilled network is told while it learns, as diffusers' script has it. */
  private static final double GUIDANCE = 3.5;

  @Override
  public ModelComponent part() {
    return ModelComponent.TRANSFORMER;
  }

  @Override
  public int unit() {
    return 2 * model.autoencoder().factor();
  }

  @Override
  public List<LoadedClip> towers() {
    return List.of(model.clip());
  }

  @Override
  public Optional<LongText> longText() {
    return Optional.of(new LongText(model.t5(), TEXT_TOKENS));
  }

  @Override
  public TextEncoding encode(List<String> texts, Tensor byT5, TrainableNetworks learner) {
    return new TextEncoding(byT5, encode(model.clip(), texts, learner, model).pooled());
  }

  @Override
  public Tensor answer(
      TrainableNetworks learner,
      Tensor noised,
      double[] levels,
      TextEncoding text,
      SegmentRunner segments) {
    long height = noised.size(2);
    long width = noised.size(3);
    FluxTransformer2DModel.Inputs told = new FluxTransformer2DModel.Inputs(
        text.tokens(), text.pooled(), Pupil.numbers(model, 1, GUIDANCE));
    Tensor positions = torch
        .cat(
            new TensorVector(
                torch.zeros(text.tokens().size(1), 3), LatentPacking.positions(height, width, 0)),
            0)
        .to(new Device(model.compute().device()), ScalarType.Float);
    FluxTransformer2DModel network =
        new FluxTransformer2DModel(model.config(), learner.network(ModelComponent.TRANSFORMER));
    Tensor answer = network.forward(
        LatentPacking.pack(model.compute().place(noised)),
        Pupil.numbers(model, 1, levels),
        told,
        RotaryEmbedding.of(positions, model.config().axes()),
        segments);
    return LatentPacking.unpack(answer, height, width);
  }
}
