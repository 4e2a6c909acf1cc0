package dev.likeness.diffusion.internal.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.internal.io.OwnerOnly;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Weights on libtorch's device that has shapes and no numbers: what is made beside them is there
 * too, or it would refuse.
 */
@ExtendWith(NoTensorLeaks.class)
class DevicesTest {
  private static final WeightInitializer ONES = (name, shape) -> torch.ones(shape);

  @TempDir
  private Path folder;

  static Stream<Arguments> optimisers() {
    return Stream.of(
        Arguments.of("AdamW", (Supplier<Optimizer>) AdamW::standard),
        Arguments.of("Lion", (Supplier<Optimizer>) () -> new Lion(0.9, 0.99, 0.1)));
  }

  private static void step(TrainableWeights weights, Optimizer optimizer, Ema ema) {
    try (TensorScope scope = TensorScope.open()) {
      weights.get("matrix", 80, 64).square().sum().backward();
      weights.get("vector", 3).square().sum().backward();
      optimizer.step(weights.leaves(), 1e-3);
      ema.update(weights.leaves(), optimizer.steps());
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("optimisers")
  void goesOnWhereTheWeightsAre(String name, Supplier<Optimizer> made) throws IOException {
    Path file = folder.resolve("state.safetensors");
    Map<String, String> kept = new LinkedHashMap<>(Map.of("owner", "nobody"));
    try (TrainableWeights weights = new TrainableWeights(ONES);
        Optimizer optimizer = made.get();
        Ema ema = new Ema(0.9)) {
      step(weights, optimizer, ema);
      new TrainingStateFile(weights, optimizer, ema).save(file, kept);
    }
    assertTrue(OwnerOnly.isOwnerOnly(file));
    try (TrainableWeights weights = new TrainableWeights(ONES.onDevice("meta"));
        Optimizer optimizer = made.get();
        Ema ema = new Ema(0.9)) {
      weights.get("matrix", 80, 64);
      weights.get("vector", 3);
      new TrainingStateFile(weights, optimizer, ema).load(file);
      step(weights, optimizer, ema);
      assertEquals(2, optimizer.steps());
      assertTrue(weights.leaves().values().stream().allMatch(Tensor::is_meta));
      assertTrue(ema.average().values().stream().allMatch(Tensor::is_meta));
      assertTrue(optimizer.tensors().values().stream().allMatch(Tensor::is_meta));
    }
    try (TrainableWeights weights = new TrainableWeights(ONES.onDevice("meta"));
        Optimizer optimizer = made.get();
        Ema ema = new Ema(0.9)) {
      step(weights, optimizer, ema);
      assertTrue(optimizer.tensors().values().stream().allMatch(Tensor::is_meta));
    }
  }
}
