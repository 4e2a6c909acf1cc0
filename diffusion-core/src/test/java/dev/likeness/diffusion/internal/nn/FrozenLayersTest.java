package dev.likeness.diffusion.internal.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.golden.Closeness;
import dev.likeness.diffusion.internal.adapter.AdapterLayer;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.nn.cpu.LayerWeight;
import dev.likeness.diffusion.internal.tensor.CustomGradients;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorArrayRefOptional;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Layers with a frozen weight give autograd's values and gradients. */
@ExtendWith(NoTensorLeaks.class)
class FrozenLayersTest {
  /** Sums of some hundred f32 products of size 1 in another order. */
  private static final double TOLERANCE = 2e-4;

  private static final long[] ONE = {1, 1};

  private static Tensor leaf(long... shape) {
    return torch.randn(shape).set_requires_grad(true);
  }

  private static Tensor copy(Tensor leaf) {
    return leaf.detach().clone().set_requires_grad(true);
  }

  private static TensorOptional optional(Tensor bias) {
    return bias == null ? new TensorOptional() : new TensorOptional(bias);
  }

  @Test
  void aLinearLayerWithLowRankPathsLearnsAsByAutograd() {
    for (boolean biased : new boolean[] {false, true}) {
      for (long[] shape : new long[][] {{40}, {7, 40}, {2, 300, 40}, {2, 3, 5, 40}}) {
        try (TensorScope scope = TensorScope.open();
            CustomGradients custom = CustomGradients.open()) {
          Tensor bias = biased ? torch.randn(48) : null;
          Tensor weight = torch.randn(48, 40);
          Tensor[] ours = {leaf(shape), leaf(4, 40), leaf(48, 4), leaf(2, 40), leaf(48, 2)};
          Tensor[] theirs = new Tensor[ours.length];
          for (int i = 0; i < ours.length; i++) {
            theirs[i] = copy(ours[i]);
          }
          Tensor y = FrozenLinear.of(
              ours[0],
              new LayerWeight.Plain(weight),
              bias,
              List.of(
                  new LowRankLayer(ours[1], null, ours[2], 0.5, null),
                  new LowRankLayer(ours[3], null, ours[4], 1, null)));
          Tensor expected = torch
              .linear(theirs[0], weight, optional(bias))
              .add(new LowRankLayer(theirs[1], null, theirs[2], 0.5, null).delta(theirs[0]))
              .add(new LowRankLayer(theirs[3], null, theirs[4], 1, null).delta(theirs[0]));
          assertArrayEquals(expected.shape(), y.shape());
          Closeness.assertWithin(TOLERANCE, expected.detach(), y.detach(), "value");
          Tensor seen = torch.randn(expected.shape());
          // Twice, as over the batches of a step.
          for (int i = 0; i < 2; i++) {
            expected.mul(seen).sum().backward(new Tensor(), keepsGraph(), false, none());
            y.mul(seen).sum().backward(new Tensor(), keepsGraph(), false, none());
          }
          for (int i = 0; i < ours.length; i++) {
            assertClose(theirs[i].grad(), ours[i].grad(), "gradient " + i);
          }
        }
      }
    }
  }

  private static BoolOptional keepsGraph() {
    return new BoolOptional(true);
  }

  private static TensorArrayRefOptional none() {
    return new TensorArrayRefOptional();
  }

  /** Gradients of the factors are sums over all tokens, so the tolerance is relative. */
  private static void assertClose(Tensor expected, Tensor actual, String what) {
    double error = actual.sub(expected).norm().item_double() / expected.norm().item_double();
    assertTrue(error < 1e-5, what + " is off by " + error);
  }

  @Test
  void aFactorThatIsNotTrainedGetsNoGradient() {
    try (TensorScope scope = TensorScope.open();
        CustomGradients custom = CustomGradients.open()) {
      Tensor x = leaf(3, 40);
      Tensor down = torch.randn(4, 40);
      Tensor up = leaf(48, 4);
      FrozenLinear.of(
              x,
              new LayerWeight.Plain(torch.randn(48, 40)),
              null,
              List.of(new LowRankLayer(down, null, up, 1, null)))
          .sum()
          .backward();
      assertFalse(down.grad().defined());
      assertTrue(up.grad().defined());
      assertTrue(x.grad().defined());
    }
  }

  @Test
  void onlyPathsWhoseFactorsAreLeavesOfTwoDimensionsInF32Join() {
    try (TensorScope scope = TensorScope.open()) {
      Tensor down = leaf(4, 40);
      Tensor up = leaf(48, 4);
      assertTrue(FrozenLinear.joins(new LowRankLayer(down, null, up, 1, null)));
      assertTrue(FrozenLinear.joins(new LowRankLayer(down.detach(), null, up.detach(), 1, null)));
      assertFalse(FrozenLinear.joins(new LowRankLayer(down.mul(down), null, up, 1, null)));
      assertFalse(FrozenLinear.joins(
          new LowRankLayer(down, null, up.detach().to(ScalarType.BFloat16), 1, null)));
      assertFalse(FrozenLinear.joins((AdapterLayer) input -> input));
    }
  }

  /** Small and large images, so that both ways to convolve are used. */
  @Test
  void aConvolutionLearnsAsByAutograd() {
    for (int[] sizes : new int[][] {
      // batch, in, out, height, width, kernel, stride, padding
      {1, 8, 64, 4, 4, 3, 1, 1},
      {3, 8, 128, 4, 5, 3, 1, 1},
      {2, 8, 64, 6, 5, 3, 2, 1},
      {1, 8, 16, 24, 20, 3, 1, 1},
      {2, 8, 16, 24, 20, 3, 1, 1},
      {1, 8, 16, 24, 21, 3, 2, 1},
      {1, 8, 16, 24, 20, 1, 1, 0},
      {2, 8, 64, 4, 4, 1, 1, 0},
      {2, 8, 16, 24, 20, 1, 1, 0},
      {1, 8, 64, 4, 4, 3, 1, 0},
    }) {
      for (boolean channelsLast : new boolean[] {false, true}) {
        try (TensorScope scope = TensorScope.open();
            CustomGradients custom = CustomGradients.open()) {
          assertLearns(sizes, channelsLast);
        }
      }
    }
  }

  private static void assertLearns(int[] sizes, boolean channelsLast) {
    int kernel = sizes[5];
    long[] stride = {sizes[6], sizes[6]};
    long[] padding = {sizes[7], sizes[7]};
    Tensor weight = torch.randn(sizes[2], sizes[1], kernel, kernel);
    Tensor bias = channelsLast ? null : torch.randn(sizes[2]);
    Tensor value = torch.randn(sizes[0], sizes[1], sizes[3], sizes[4]);
    if (channelsLast) {
      value = value.contiguous(torch.MemoryFormat.ChannelsLast);
    }
    Tensor ours = value.set_requires_grad(true);
    Tensor theirs = copy(ours);
    Tensor y = new FrozenConv2d(new LayerWeight.Plain(weight), bias, stride, padding).forward(ours);
    Tensor expected = torch.conv2d(theirs, weight, optional(bias), stride, padding, ONE, 1);
    String what = Arrays.toString(sizes);
    assertArrayEquals(expected.shape(), y.shape(), what);
    Closeness.assertWithin(TOLERANCE, expected.detach(), y.detach(), what);
    Tensor seen = torch.randn(expected.shape());
    expected.mul(seen).sum().backward();
    // In place, as a residual block adds the time.
    y.add_(torch.ones(1)).mul(seen).sum().backward();
    assertClose(theirs.grad(), ours.grad(), what);
  }

  @Test
  void theGraphKeepsNoTensors() {
    try (TensorScope scope = TensorScope.open();
        CustomGradients custom = CustomGradients.open()) {
      Tensor weight = torch.randn(48, 40);
      Tensor x = leaf(3, 40);
      Tensor y = FrozenLinear.of(x, new LayerWeight.Plain(weight), null, List.of());
      // A node that stores no tensors.
      assertEquals("AliasBackward0", y.grad_fn().name().getString());
    }
  }
}
