package dev.likeness.diffusion.internal.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.golden.Closeness;
import dev.likeness.diffusion.golden.GoldenResource;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.DType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Optimisers beside their references: {@code tools/goldens/optimizers.py}. */
@ExtendWith(NoTensorLeaks.class)
class OptimizerTest {
  private static final List<String> NAMES = List.of("matrix", "window", "vector");
  private static final int STEPS = 8;

  static Stream<Arguments> references() {
    return Stream.of(
        Arguments.of("lion", 1e-2, 3e-6, (Supplier<Optimizer>) () -> new Lion(0.9, 0.99, 0.1)),
        Arguments.of("adafactor", 1e-2, 3e-6, (Supplier<Optimizer>) () -> new Adafactor(0.1, true)),
        Arguments.of(
            "prodigy", 1.0, 3e-6, (Supplier<Optimizer>) () -> new Prodigy(0.9, 0.99, 1e-8, 0.1)),
        // Its steps, of 1.6 % of the spread in all, are made orthogonal in bf16; so are the
        // reference's where ours are of f32.
        Arguments.of("muon", 1e-2, 3e-4, (Supplier<Optimizer>) () -> new Muon(0.95, 0.1)),
        Arguments.of(
            "muon", 1e-2, 5e-4, (Supplier<Optimizer>) () -> new Muon(0.95, 0.1, DType.F32)));
  }

  private static Safetensors golden() {
    return Safetensors.open(GoldenResource.file("/golden/training-parts/optimizers.safetensors"));
  }

  private static Map<String, Tensor> leaves(Safetensors golden, TensorRegion region) {
    Map<String, Tensor> leaves = new LinkedHashMap<>();
    try (TensorScope scope = TensorScope.open()) {
      NAMES.forEach(name -> {
        Tensor leaf = region.keep(golden.read("start." + name).clone());
        leaf.set_requires_grad(true);
        leaves.put(name, leaf);
      });
    }
    return leaves;
  }

  private static void step(
      Optimizer optimizer, Map<String, Tensor> leaves, Safetensors golden, int step, double rate) {
    try (TensorScope scope = TensorScope.open()) {
      leaves.forEach((name, leaf) ->
          leaf.mul(golden.read("gradients." + name).select(0, step)).sum().backward());
      optimizer.step(leaves, rate);
    }
  }

  @Test
  void directionsOfOneShapeAreTheSameTogether() {
    try (TensorScope scope = TensorScope.open();
        NoiseSource noise = NoiseSource.seeded(5)) {
      for (long[] shape : new long[][] {{3, 12, 40}, {3, 40, 12}}) {
        Tensor stack = noise.next(shape).squeeze(0);
        Tensor together = Muon.orthogonalise(stack, DType.F32);
        for (int i = 0; i < 3; i++) {
          Tensor alone = Muon.orthogonalise(stack.narrow(0, i, 1), DType.F32);
          assertTrue(together.narrow(0, i, 1).sub(alone).abs().max().item_double() < 1e-5);
        }
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("references")
  void takesTheStepsOfItsReference(
      String kind, double rate, double tolerance, Supplier<Optimizer> made) {
    try (Safetensors golden = golden();
        TensorRegion region = new TensorRegion();
        Optimizer optimizer = made.get()) {
      Map<String, Tensor> leaves = leaves(golden, region);
      for (int i = 0; i < STEPS; i++) {
        step(optimizer, leaves, golden, i, rate);
      }
      try (TensorScope scope = TensorScope.open()) {
        leaves.forEach((name, leaf) -> Closeness.assertWithinSpread(
            tolerance, golden.read(kind + "." + name), leaf.detach(), kind + " " + name));
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("references")
  void goesOnToTheBitFromWhatItKept(
      String kind, double rate, double tolerance, Supplier<Optimizer> made) {
    try (Safetensors golden = golden();
        TensorRegion region = new TensorRegion();
        Optimizer first = made.get();
        Optimizer second = made.get()) {
      Map<String, Tensor> leaves = leaves(golden, region);
      step(first, leaves, golden, 0, rate);
      second.resume(first.steps(), first.tensors());
      Map<String, Tensor> others = new LinkedHashMap<>();
      try (TensorScope scope = TensorScope.open()) {
        leaves.forEach((name, leaf) -> {
          Tensor copy = region.keep(leaf.detach().clone());
          copy.set_requires_grad(true);
          others.put(name, copy);
        });
      }
      step(first, leaves, golden, 1, rate);
      step(second, others, golden, 1, rate);
      assertEquals(2, second.steps());
      leaves.forEach((name, leaf) -> assertTrue(torch.equal(leaf, others.get(name)), name));
    }
  }

  /** Second factors of a LoRA begin at zero. */
  @ParameterizedTest
  @CsvSource({"true, 1e-5", "false, 1e-2"})
  void movesWhatIsZeroByTheRateAloneWhereStepsAreNotRelative(boolean relative, double length) {
    try (TensorScope scope = TensorScope.open();
        Adafactor adafactor = new Adafactor(0, relative)) {
      Tensor zero = torch.zeros(4, 3).set_requires_grad(true);
      zero.sum().backward();
      adafactor.step(Map.of("w", zero), 1e-2);
      assertEquals(-length, zero.detach().mean().item_double(), 1e-4 * length);
    }
  }

  @Test
  void keepsMomentsInAByteEachAndStepsAlmostAlike() {
    try (TensorScope scope = TensorScope.open();
        NoiseSource noise = NoiseSource.seeded(3L);
        AdamW whole = AdamW.standard();
        AdamW8bit small = new AdamW8bit(0.9, 0.999, 1e-8, 0.01)) {
      Tensor start = noise.next(100, 70).squeeze(0);
      Tensor a = start.clone().set_requires_grad(true);
      Tensor b = start.clone().set_requires_grad(true);
      for (int i = 0; i < STEPS; i++) {
        Tensor gradient = noise.next(100, 70).squeeze(0);
        a.mul(gradient).sum().backward();
        b.mul(gradient).sum().backward();
        whole.step(Map.of("w", a), 1e-2);
        small.step(Map.of("w", b), 1e-2);
      }
      double way = a.detach().sub(start).norm().item_double();
      double apart = a.detach().sub(b.detach()).norm().item_double();
      assertTrue(apart < 0.05 * way, "apart by " + apart + " after a way of " + way);
      long bytes = small.tensors().values().stream().mapToLong(Tensor::nbytes).sum();
      assertTrue(bytes < 0.3 * 2 * 4 * 7000, bytes + " bytes of state");
    }
  }
}
