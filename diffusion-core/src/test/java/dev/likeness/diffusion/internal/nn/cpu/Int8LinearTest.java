package dev.likeness.diffusion.internal.nn.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.Compute;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(NoTensorLeaks.class)
class Int8LinearTest {
  @BeforeAll
  static void wantsVnni() {
    assumeTrue(Compute.hasCpuInt8(), "this CPU has no VNNI");
  }

  @ParameterizedTest
  @EnumSource(
      value = ScalarType.class,
      names = {"Float", "BFloat16"})
  void isTheFullyConnectedLayerWithinItsSteps(ScalarType type) {
    try (TensorScope scope = TensorScope.open();
        TensorRegion region = new TensorRegion();
        NoGradGuard guard = new NoGradGuard()) {
      torch.manual_seed(1);
      Tensor weight = torch.randn(96, 320);
      Tensor bias = torch.randn(96);
      CachingWeight kept = new CachingWeight(weight.to(type), region);
      for (Tensor x : new Tensor[] {
        torch.randn(70, 320),
        torch.randn(2, 70, 320).mul(torch.rand(2, 70, 1)),
        torch.randn(2, 320, 70).transpose(1, 2)
      }) {
        for (TensorOptional offset :
            new TensorOptional[] {new TensorOptional(), new TensorOptional(bias)}) {
          TensorOptional typed = offset.has_value() ? new TensorOptional(bias.to(type)) : offset;
          Tensor actual = Int8Linear.of(x.to(type), kept, typed);
          Tensor expected = torch.linear(x, weight, offset);
          assertArrayEquals(expected.shape(), actual.shape());
          double off = actual.to(ScalarType.Float).sub(expected).norm().item_double()
              / expected.norm().item_double();
          assertTrue(off > 0 && off < 0.015, type + ": " + off + " of the result's size");
        }
      }
    }
  }

  @Test
  void isExactWhereNothingIsRounded() {
    try (TensorScope scope = TensorScope.open();
        TensorRegion region = new TensorRegion();
        NoGradGuard guard = new NoGradGuard()) {
      torch.manual_seed(2);
      Tensor x = whole(40, 128);
      Tensor weight = whole(64, 128);
      Tensor actual = Int8Linear.of(
          x.mul(new Scalar(0.5)), new CachingWeight(weight, region), new TensorOptional());
      Tensor expected = torch.linear(x, weight, new TensorOptional()).mul(new Scalar(0.5));
      assertTrue(
          torch.allclose(expected, actual, 1e-5, 1e-3, false), "whole numbers of at most 127");
    }
  }

  /** Whole numbers from -127 to 127, the largest in each row. */
  private static Tensor whole(long rows, long columns) {
    Tensor numbers = torch
        .randn(rows, columns)
        .mul(new Scalar(40.0))
        .round()
        .clamp(new ScalarOptional(new Scalar(-127.0)), new ScalarOptional(new Scalar(127.0)));
    numbers.select(1, 0).fill_(new Scalar(127.0));
    return numbers;
  }
}
