package dev.likeness.diffusion.internal.family.sd3;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.LayerPlaces;
import dev.likeness.diffusion.internal.family.LoadedClip;
import dev.likeness.diffusion.internal.family.StreamPlaces;
import dev.likeness.diffusion.internal.family.TrainingTarget;
import dev.likeness.diffusion.internal.nn.SegmentRunner;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.internal.text.TextEncoding;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;

/**
 * Stable Diffusion 3 and 3.5: two CLIP towers side by side, then T5, or zeros where the model came
 * without it.
 */
record Sd3TrainingTarget(Sd3Networks model) implements TrainingTarget {
  private static final double TRAINING_STEPS = 1000;
  private static final double LEARNING_RATE = 1e-4;

  @Override
  public Recipe recipe() {
    return new Recipe(model.config().width(), LEARNING_RATE, false);
  }

  @Override
  public LayerPlaces places(int places) {
    int text = LayerPlaces.CLIP_TOKENS + Sd3Networks.T5_TOKENS;
    return StreamPlaces.of(places, text, model.config().heads(), model.config().normed(), false);
  }

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
  public Optional<TrainingTarget.LongText> longText() {
    return Optional.ofNullable(model.t5())
        .map(t5 -> new TrainingTarget.LongText(t5, Sd3Networks.T5_TOKENS));
  }

  @Override
  public TextEncoding encode(List<String> texts, Tensor byT5, Trained trained) {
    return model.encode(
        texts, tower -> TrainingTarget.encode(tower, texts, trained, model), t5 -> byT5);
  }

  @Override
  public Tensor predict(
      Trained trained, Tensor noised, double[] levels, TextEncoding text, SegmentRunner segments) {
    Sd3Transformer2DModel network =
        new Sd3Transformer2DModel(model.config(), trained.network(ModelComponent.TRANSFORMER));
    return network.forward(
        Tensors.place(model.compute(), noised),
        TrainingTarget.numbers(model, TRAINING_STEPS, levels),
        text.tokens(),
        text.pooled(),
        segments);
  }
}
