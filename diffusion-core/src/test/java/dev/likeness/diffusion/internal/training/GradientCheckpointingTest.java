package dev.likeness.diffusion.internal.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.internal.family.stablediffusion.UNet2DConditionModel;
import dev.likeness.diffusion.internal.family.stablediffusion.UNetConditioning;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.model.ModelFolder;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.nn.SegmentRunner;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.nn.unet.UNetConfig;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
class GradientCheckpointingTest {
  private static Tensor loss(UNet2DConditionModel unet, Tensor context, SegmentRunner segments) {
    try (NoiseSource noise = NoiseSource.seeded(4L, 5L)) {
      Tensor sample = noise.next(unet.config().inChannels(), 9, 7);
      return unet.forward(
              sample, torch.tensor(new float[] {700, 30}), UNetConditioning.text(context), segments)
          .square()
          .mean();
    }
  }

  private static Map<String, Tensor> gradients(TrainableWeights weights, Tensor context) {
    Map<String, Tensor> gradients = new LinkedHashMap<>();
    weights.leaves().forEach((name, leaf) -> {
      gradients.put(name, leaf.grad().clone());
      leaf.grad().zero_();
    });
    gradients.put("context", context.grad().clone());
    context.grad().zero_();
    return gradients;
  }

  @Test
  void givesEveryWeightAndTheTextTheGradientsOfAPlainPass(@TempDir Path parent) {
    ModelFolder folder = ModelFolder.open(
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, parent).path());
    try (TensorScope scope = TensorScope.open();
        NoiseSource noise = NoiseSource.seeded(1L, 2L);
        TrainableWeights weights = new TrainableWeights((name, shape) -> torch.zeros(shape));
        TensorSource file = folder.weights("unet");
        GradientCheckpointing recomputing = new GradientCheckpointing()) {
      weights.load(file);
      UNet2DConditionModel unet =
          new UNet2DConditionModel(UNetConfig.of(folder.config("unet")), Weights.of(weights));
      Tensor leaf =
          noise.next(11, unet.config().levels().get(0).contextWidth()).set_requires_grad(true);
      Tensor plain = loss(unet, leaf.mul(leaf), SegmentRunner.PLAIN);
      plain.backward();
      Map<String, Tensor> expected = gradients(weights, leaf);
      Tensor again = loss(unet, leaf.mul(leaf), recomputing);
      recomputing.backward(again);
      assertEquals(plain.item_double(), again.item_double());
      Map<String, Tensor> actual = gradients(weights, leaf);
      assertEquals(expected.keySet(), actual.keySet());
      expected.forEach((name, gradient) -> {
        double apart = gradient.sub(actual.get(name)).norm().item_double();
        // A bias before a norm has no gradient but rounding.
        assertTrue(
            apart <= 1e-5 * gradient.norm().item_double() + 1e-7, name + " differs by " + apart);
      });
    }
  }
}
