package dev.likeness.diffusion.internal.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.golden.Closeness;
import dev.likeness.diffusion.golden.GoldenResource;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Schedule-free AdamW beside the authors' package: {@code tools/goldens/schedule_free.py}. */
@ExtendWith(NoTensorLeaks.class)
class ScheduleFreeTest {
  private static final List<String> NAMES = List.of("matrix", "window", "vector");
  private static final double RATE = 1e-2;
  private static final int STEPS = 8;
  private static final LearningRateSchedule SCHEDULE =
      LearningRateSchedule.constant(RATE).warmup(3);
  // Eight sums and products of f32 numbers, each rounded at another place than in the reference.
  private static final double TOLERANCE = 3e-6;

  private static Safetensors given() {
    return Safetensors.open(GoldenResource.file("/golden/training-parts/optimizers.safetensors"));
  }

  private static AdamW.ScheduleFree optimizer() {
    return new AdamW.ScheduleFree(0.9, 0.999, 1e-8, 0.1);
  }

  private static TrainableWeights weights(Safetensors given) {
    TrainableWeights weights =
        new TrainableWeights((name, shape) -> given.read("start." + name).clone());
    try (TensorScope scope = TensorScope.open()) {
      NAMES.forEach(name -> weights.get(name, given.shape("start." + name)));
    }
    return weights;
  }

  private static void steps(
      Optimizer optimizer, TrainableWeights weights, Safetensors given, int from, int to) {
    for (int i = from; i < to; i++) {
      int step = i;
      try (TensorScope scope = TensorScope.open()) {
        weights
            .leaves()
            .forEach((name, leaf) ->
                leaf.mul(given.read("gradients." + name).select(0, step)).sum().backward());
        optimizer.step(weights.leaves(), SCHEDULE.at(step));
      }
    }
  }

  @Test
  void takesTheStepsOfTheAuthorsPackage() {
    try (TensorScope scope = TensorScope.open();
        Safetensors given = given();
        Safetensors expected =
            Safetensors.open(GoldenResource.file("/golden/schedule-free/reference.safetensors"));
        TrainableWeights weights = weights(given);
        AdamW.ScheduleFree optimizer = optimizer()) {
      Tensor leaf = weights.leaves().get("matrix");
      assertSame(leaf, optimizer.evaluated("matrix", leaf), "before the first step x is y");
      steps(optimizer, weights, given, 0, STEPS);
      for (String name : NAMES) {
        Tensor y = weights.leaves().get(name);
        compare(expected, "y." + name, y.detach());
        compare(expected, "z." + name, optimizer.tensors().get("z." + name));
        compare(expected, "x." + name, optimizer.evaluated(name, y));
      }
    }
  }

  private static void compare(Safetensors expected, String name, Tensor actual) {
    Closeness.assertWithinSpread(TOLERANCE, expected.read(name), actual, name);
  }

  @Test
  void resumesBitExactlyFromAStateFile(@TempDir Path folder) {
    Path file = folder.resolve("state.safetensors");
    try (TensorScope scope = TensorScope.open();
        Safetensors given = given();
        TrainableWeights whole = weights(given);
        TrainableWeights resumed = weights(given);
        AdamW.ScheduleFree first = optimizer();
        AdamW.ScheduleFree second = optimizer()) {
      // Stopped in the warmup, where the weights of the average change.
      steps(first, whole, given, 0, 2);
      new TrainingStateFile(whole, first, null).save(file, Map.of());
      steps(first, whole, given, 2, STEPS);
      new TrainingStateFile(resumed, second, null).load(file);
      assertEquals(2, second.steps());
      steps(second, resumed, given, 2, STEPS);
      for (String name : NAMES) {
        Tensor x = first.evaluated(name, whole.leaves().get(name));
        Tensor again = second.evaluated(name, resumed.leaves().get(name));
        assertTrue(torch.equal(x, again), name);
        assertTrue(torch.equal(whole.leaves().get(name), resumed.leaves().get(name)), name);
      }
    }
  }

  @Test
  void evaluatesWeightsInBf16InTheirOwnType() {
    try (TensorScope scope = TensorScope.open();
        AdamW.ScheduleFree optimizer = optimizer()) {
      Tensor leaf = torch.ones(4).to(ScalarType.BFloat16);
      leaf.set_requires_grad(true);
      for (int i = 0; i < 3; i++) {
        leaf.sum().backward();
        optimizer.step(Map.of("w", leaf), 0.1);
      }
      Tensor x = optimizer.evaluated("w", leaf);
      assertEquals(Tensors.dtype(leaf), Tensors.dtype(x));
      // The average falls behind the point at which gradients are computed.
      double distance = x.sub(leaf.detach()).mean().item_double();
      assertTrue(distance > 0 && distance < 0.1, "x is " + distance + " above y");
    }
  }
}
