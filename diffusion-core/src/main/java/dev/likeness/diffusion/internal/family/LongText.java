package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.text.T5Encoder;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** T5 beside a network's other text encoders, and how many tokens of a text it reads. */
public record LongText(LoadedT5 tower, int tokens) {
  /** Whether the pattern of layers names it. */
  public boolean learns(TrainingTarget.Trained trained) {
    return trained.learns(tower.part());
  }

  /**
   * Texts by what it has become, or by the model's own where it does not learn; [batch, tokens,
   * width].
   */
  public Tensor read(List<String> texts, TrainingTarget.Trained trained) {
    T5Encoder encoder = learns(trained)
        ? new T5Encoder(tower.config(), trained.network(tower.part()))
        : tower.encoder(Adaptation.NONE);
    return tower.encode(texts, tokens, encoder);
  }
}
