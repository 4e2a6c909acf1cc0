package dev.likeness.diffusion.internal.nn.unet;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.training.TrainableWeights;
import dev.likeness.diffusion.internal.training.WeightInitializer;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoTensorLeaks.class)
class AttentionContextTest {
  @Test
  void makesKeysAndValuesOfATextOnceWhereTheyAreKept() {
    try (TensorScope run = TensorScope.open();
        NoGradGuard guard = new NoGradGuard();
        NoiseSource noise = NoiseSource.seeded(5);
        TrainableWeights weights =
            new TrainableWeights(WeightInitializer.seeded(noise, name -> false))) {
      Attention attention = new Attention(Weights.of(weights), 16, 12, 2);
      Tensor image = noise.next(2, 9, 16).squeeze(0);
      Tensor text = noise.next(2, 5, 12).squeeze(0);
      AttentionContext plain = AttentionContext.of(text);
      AttentionContext kept = plain.withCache();
      Tensor first = attention.forward(image, text).clone();
      assertTrue(step(attention, image, plain).equal(first));
      assertTrue(step(attention, image, kept).equal(first));
      text.zero_();
      assertFalse(step(attention, image, plain).equal(first), "nothing was kept");
      assertTrue(
          step(attention, image, kept).equal(first), "they were kept beyond the step's scope");
      assertFalse(
          attention.forward(image, kept.forTokens(text.clone())).equal(first),
          "other tokens have other keys");
    }
  }

  private static Tensor step(Attention attention, Tensor image, AttentionContext context) {
    try (TensorScope step = TensorScope.open()) {
      return step.promote(attention.forward(image, context));
    }
  }
}
