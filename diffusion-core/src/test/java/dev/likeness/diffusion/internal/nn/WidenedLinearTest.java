package dev.likeness.diffusion.internal.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.golden.Closeness;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.nn.cpu.LayerWeight;
import dev.likeness.diffusion.internal.nn.cpu.PackedConvolution;
import dev.likeness.diffusion.internal.tensor.CustomGradients;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.tensor.DType;
import java.util.concurrent.atomic.AtomicInteger;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Products of bf16 as CPUs compute them that do not multiply bf16. */
@ExtendWith(NoTensorLeaks.class)
class WidenedLinearTest {
  /** Seven rows of 40 at once, so that 24 rows leave a rest. */
  private static final long BLOCK = 7 * 40;

  /** Half a unit in the last of bf16's 8 bits. */
  private static final double ROUNDING = 1.0 / 256;

  private static Tensor bf16(long... shape) {
    return torch.randn(shape).to(ScalarType.BFloat16);
  }

  private static Tensor f32(Tensor x) {
    return x.to(ScalarType.Float);
  }

  @Test
  void roundsOnlyTheResult() {
    try (TensorScope scope = TensorScope.open()) {
      Tensor weight = bf16(24, 40);
      for (Tensor x :
          new Tensor[] {bf16(70, 40), bf16(2, 70, 40), bf16(2, 40, 70).transpose(1, 2)}) {
        for (Tensor bias : new Tensor[] {null, bf16(24)}) {
          Tensor expected = torch.linear(
              f32(x),
              f32(weight),
              bias == null ? new TensorOptional() : new TensorOptional(f32(bias)));
          Tensor actual = WidenedLinear.of(x, new LayerWeight.Plain(weight), bias, BLOCK);
          assertEquals(DType.BF16, Tensors.dtype(actual));
          assertArrayEquals(expected.shape(), actual.shape());
          double most = f32(actual)
              .sub(expected)
              .abs()
              .div(expected.abs().add(new Scalar(1e-3)))
              .max()
              .item_double();
          assertTrue(most <= ROUNDING, "off by " + most);
        }
      }
    }
  }

  @Test
  void trainsAsTheProductInF32() {
    try (TensorScope scope = TensorScope.open();
        CustomGradients custom = CustomGradients.open()) {
      Tensor[] values = {bf16(2, 70, 40), bf16(24, 40), bf16(24)};
      Tensor seen = torch.randn(2, 70, 24);
      Tensor[] wide = leaves(values, ScalarType.Float);
      torch
          .linear(wide[0], wide[1], new TensorOptional(wide[2]))
          .mul(seen)
          .sum()
          .backward();
      Tensor[] half = leaves(values, ScalarType.BFloat16);
      f32(WidenedLinear.of(half[0], new LayerWeight.Plain(half[1]), half[2], BLOCK))
          .mul(seen)
          .sum()
          .backward();
      for (int i = 0; i < values.length; i++) {
        // The gradient of the output is rounded to bf16 before the products.
        double error = f32(half[i].grad()).sub(wide[i].grad()).norm().item_double()
            / wide[i].grad().norm().item_double();
        assertTrue(error < ROUNDING, "gradient " + i + " is off by " + error);
      }
    }
  }

  private static Tensor[] leaves(Tensor[] values, ScalarType type) {
    Tensor[] leaves = new Tensor[values.length];
    for (int i = 0; i < leaves.length; i++) {
      leaves[i] = values[i].to(type).clone();
      leaves[i].set_requires_grad(true);
    }
    return leaves;
  }

  /** A frozen weight would otherwise lie in memory in f32, or expanded from eight bits. */
  @Test
  void asksACompressedWeightAgainInTheBackwardPass() {
    AtomicInteger asked = new AtomicInteger();
    try (TensorScope scope = TensorScope.open();
        CustomGradients custom = CustomGradients.open()) {
      Tensor weight = bf16(24, 40);
      LayerWeight compressed = () -> {
        asked.incrementAndGet();
        return weight;
      };
      Tensor x = bf16(3, 40).set_requires_grad(true);
      Tensor y = WidenedLinear.of(x, compressed, null, BLOCK);
      assertEquals("AliasBackward0", y.grad_fn().name().getString());
      assertEquals(1, asked.get());
      f32(y).sum().backward();
      assertEquals(2, asked.get());
      Closeness.assertWithin(
          0.1, f32(weight).sum(new long[] {0}).repeat(3, 1), f32(x.grad()), "gradient");
    }
  }

  @Test
  void trainsWithoutCustomGradientsToo() {
    try (TensorScope scope = TensorScope.open()) {
      Tensor x = bf16(3, 40).set_requires_grad(true);
      Tensor weight = bf16(24, 40);
      f32(WidenedLinear.of(x, new LayerWeight.Plain(weight), null, BLOCK)).sum().backward();
      Closeness.assertWithin(
          0.1, f32(weight).sum(new long[] {0}).repeat(3, 1), f32(x.grad()), "gradient");
    }
  }

  @Test
  void isForCpusThatDoNotMultiplyBf16() {
    try (TensorScope scope = TensorScope.open()) {
      assertEquals(!PackedConvolution.multipliesBf16(), WidenedLinear.isNeeded(bf16(3, 40)));
      assertFalse(WidenedLinear.isNeeded(torch.randn(3, 40)));
    }
  }
}
