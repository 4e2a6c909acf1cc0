package dev.likeness.lora;

import dev.likeness.diffusion.adapt.Adaptation;
import dev.likeness.diffusion.model.T5Tower;
import dev.likeness.diffusion.text.T5Encoder;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** T5 beside a pupil's other text encoders, and how many tokens of a text it reads. */
record LongText(T5Tower tower, int tokens) {
  /** Whether the pattern of layers names it. */
  boolean learns(Learner learner) {
    return learner.learns(tower.part());
  }

  /**
   * Texts by what it has become, or by the model's own where it does not learn; [batch, tokens,
   * width].
   */
  Tensor read(List<String> texts, Learner learner) {
    T5Encoder encoder = learns(learner)
        ? new T5Encoder(tower.config(), learner.network(tower.part()))
        : tower.encoder(Adaptation.NONE);
    return tower.encode(texts, tokens, encoder);
  }
}
