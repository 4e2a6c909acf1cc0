package dev.likeness.lora;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.sd3.Sd3Networks;
import dev.likeness.diffusion.internal.family.sd3.Sd3Transformer2DModel;
import dev.likeness.diffusion.internal.nn.SegmentRunner;
import dev.likeness.diffusion.internal.text.LoadedClip;
import dev.likeness.diffusion.internal.text.TextEncoding;
import dev.likeness.lora.internal.training.TrainableNetworks;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;

/**
 * Stable Diffusion 3 and 3.5: two CLIP towers side by side, then T5, or zeros where the model came
 * without it.
 */
record Sd3Pupil(Sd3Networks model) implements Pupil {
  private static final double TRAINING_STEPS = 1000;

  @Override
  public ModelComponent part() {
    return ModelComponent.TRANSFORMER;
  }

  @Override
  public int unit() {
    return model.config().patch() * model.autoencoder().factor();
  }

  @Override
  public List<LoadedClip> towers() {
    return model.towers();
  }

  @Override
  public Optional<LongText> longText() {
    return Optional.ofNullable(model.t5()).map(t5 -> new LongText(t5, Sd3Networks.T5_TOKENS));
  }

  @Override
  public TextEncoding encode(List<String> texts, Tensor byT5, TrainableNetworks learner) {
    return model.encode(texts, tower -> encode(tower, texts, learner, model), t5 -> byT5);
  }

  @Override
  public Tensor answer(
      TrainableNetworks learner,
      Tensor noised,
      double[] levels,
      TextEncoding text,
      SegmentRunner segments) {
    Sd3Transformer2DModel network =
        new Sd3Transformer2DModel(model.config(), learner.network(ModelComponent.TRANSFORMER));
    return network.forward(
        model.compute().place(noised),
        Pupil.numbers(model, TRAINING_STEPS, levels),
        text.tokens(),
        text.pooled(),
        segments);
  }
}
