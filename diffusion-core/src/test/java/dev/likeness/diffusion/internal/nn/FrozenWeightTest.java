package dev.likeness.diffusion.internal.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.golden.Closeness;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.nn.cpu.LayerWeight;
import dev.likeness.diffusion.internal.tensor.CustomGradients;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Which weights are frozen in a training step; a compressed one is decompressed in the forward pass
 * and again in the backward pass.
 */
@ExtendWith(NoTensorLeaks.class)
class FrozenWeightTest {
  // Sums of the same numbers in another order.
  private static final double TOLERANCE = 1e-6;

  private int reads;

  private LayerWeight counted(Tensor weight) {
    return new LayerWeight.Compressed(weight.shape(), () -> {
      reads++;
      return weight.clone();
    });
  }

  private static Tensor leaf(Tensor values) {
    return values.clone().set_requires_grad(true);
  }

  private void compare(
      Tensor x, UnaryOperator<Tensor> plain, UnaryOperator<Tensor> compressed, Tensor factor) {
    Tensor expected = leaf(x);
    Tensor actual = leaf(x);
    Tensor first = plain.apply(expected);
    first.mul(factor).sum().backward();
    try (CustomGradients custom = CustomGradients.open()) {
      Tensor second = compressed.apply(actual);
      Closeness.assertWithinSpread(TOLERANCE, first.detach(), second.detach(), "output");
      assertEquals(1, reads, "the forward pass reads the weight once");
      second.mul(factor).sum().backward();
    }
    Closeness.assertWithinSpread(TOLERANCE, expected.grad(), actual.grad(), "gradient");
    assertEquals(2, reads, "the backward pass reads the weight again");
  }

  @Test
  void givesTheGradientOfTheInputOfALinearLayer() {
    try (TensorScope scope = TensorScope.open();
        NoiseSource noise = NoiseSource.seeded(3)) {
      Tensor weight = noise.next(24, 16).squeeze(0);
      Tensor bias = noise.next(24).squeeze(0);
      Tensor x = noise.next(2, 7, 16).squeeze(0);
      TensorOptional offset = new TensorOptional(bias);
      LayerWeight counted = counted(weight);
      compare(
          x,
          in -> torch.linear(in, weight, offset),
          in -> FrozenWeight.of(counted, bias, in).orElseThrow().linear(in, List.of()),
          noise.next(2, 7, 24).squeeze(0));
    }
  }

  @ParameterizedTest
  @CsvSource({"3, 1, 1, 9, 8", "3, 2, 1, 9, 8", "1, 1, 0, 5, 6", "3, 2, 0, 10, 7"})
  void givesTheGradientOfTheInputOfAConvolution(
      long kernel, long step, long edge, long height, long width) {
    try (TensorScope scope = TensorScope.open();
        NoiseSource noise = NoiseSource.seeded(4)) {
      Tensor weight = noise.next(5, 3, kernel, kernel).squeeze(0);
      Tensor x = noise.next(2, 3, height, width).squeeze(0);
      TensorOptional none = new TensorOptional();
      long[] stride = {step, step};
      long[] padding = {edge, edge};
      LayerWeight counted = counted(weight);
      Tensor like = torch.conv2d(x, weight, none, stride, padding, new long[] {1, 1}, 1);
      compare(
          x,
          in -> torch.conv2d(in, weight, none, stride, padding, new long[] {1, 1}, 1),
          in -> FrozenWeight.of(counted, null, in).orElseThrow().conv2d(in, stride, padding),
          noise.next(like.shape()).squeeze(0));
    }
  }

  /** Also in bf16, where CPUs without such products widen the weight. */
  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F32", "BF16"})
  void freesTheWeightBeforeTheNextLayer(DType type) {
    try (TensorScope scope = TensorScope.open();
        NoiseSource noise = NoiseSource.seeded(6);
        CustomGradients custom = CustomGradients.open()) {
      Tensor weight = noise.next(24, 16).squeeze(0).to(Tensors.scalarType(type));
      Tensor x = leaf(noise.next(2, 7, 16).squeeze(0).to(Tensors.scalarType(type)));
      List<Tensor> read = new ArrayList<>();
      LayerWeight compressed = new LayerWeight.Compressed(weight.shape(), () -> {
        read.add(weight.clone());
        return read.get(read.size() - 1);
      });
      Tensor y = FrozenWeight.of(compressed, null, x).orElseThrow().linear(x, List.of());
      assertTrue(read.get(0).isNull(), "the forward pass keeps the weight");
      y.sum().backward();
      assertEquals(2, read.size());
      assertTrue(read.get(1).isNull(), "the backward pass keeps the weight");
    }
  }

  @Test
  void aCompressedWeightIsFrozenInTraining() {
    try (TensorScope scope = TensorScope.open()) {
      LayerWeight compressed = counted(torch.ones(2, 3));
      Tensor fixed = torch.ones(1, 3);
      Tensor trained = leaf(fixed);
      assertFalse(isFrozen(compressed, null, trained), "no step is open");
      try (CustomGradients custom = CustomGradients.open()) {
        assertTrue(isFrozen(compressed, null, trained));
        assertTrue(isFrozen(compressed, torch.ones(2), trained));
        assertTrue(isFrozen(compressed, null, trained.to(ScalarType.BFloat16)));
        assertFalse(isFrozen(compressed, leaf(torch.ones(2)), trained), "the bias is trained");
        assertFalse(isFrozen(compressed, null, fixed), "no gradient is needed");
        try (NoGradGuard guard = new NoGradGuard()) {
          assertFalse(isFrozen(compressed, null, trained), "a generation");
        }
        assertEquals(0, reads, "nothing is decompressed for the question");
      }
    }
  }

  @Test
  void aWeightInMemoryIsFrozenInTrainingInF32OnACpu() {
    try (TensorScope scope = TensorScope.open()) {
      LayerWeight fixed = new LayerWeight.Plain(torch.randn(48, 40));
      LayerWeight learns = new LayerWeight.Plain(leaf(torch.randn(48, 40)));
      Tensor x = leaf(torch.randn(3, 40));
      assertFalse(isFrozen(fixed, null, x), "no step is open");
      try (CustomGradients custom = CustomGradients.open()) {
        assertTrue(isFrozen(fixed, null, x));
        assertTrue(isFrozen(fixed, torch.randn(48), x));
        assertFalse(isFrozen(fixed, leaf(torch.randn(48)), x), "the bias is trained");
        assertFalse(isFrozen(learns, null, x), "the weight is trained");
        assertFalse(isFrozen(fixed, null, x.detach()), "no gradient is needed");
        assertFalse(isFrozen(fixed, null, x.to(ScalarType.BFloat16)), "autograd is as good");
      }
    }
  }

  private static boolean isFrozen(LayerWeight weight, Tensor bias, Tensor x) {
    return FrozenWeight.of(weight, bias, x).isPresent();
  }
}
