package dev.likeness.diffusion.internal.nn;

import dev.likeness.diffusion.internal.nn.cpu.LayerWeight;
import dev.likeness.diffusion.internal.tensor.CustomGradients;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/**
 * Layers whose weight is compressed, in training. The weight is frozen, and it is decompressed
 * again in the backward pass, so that a training step keeps no weight.
 */
public final class CompressedWeight {
  private static final long[] ONE = {1, 1};

  private CompressedWeight() {}

  /** Returns true if gradients reach {@code x} through a layer with this weight. */
  public static boolean isFrozenIn(LayerWeight weight, Tensor x) {
    return weight.isCompressed()
        && GradMode.is_enabled()
        && x.requires_grad()
        && CustomGradients.current() != null;
  }

  /** Maps [..., in] to [..., out]. The gradient of the input is that of the output times W. */
  public static Tensor linear(Tensor x, LayerWeight weight, TensorOptional bias) {
    if (WidenedLinear.isNeeded(x)) {
      // Without a scope, the weight of every layer would be kept until the end of the step.
      try (TensorScope scope = TensorScope.open()) {
        return scope.promote(WidenedLinear.of(
            x, weight, bias.has_value() ? bias.get() : null, WidenedLinear.BLOCK));
      }
    }
    return joined(
        x,
        () -> torch.linear(x, weight.tensor(), bias),
        gradient -> gradient.matmul(weight.tensor()));
  }

  /** Applies a convolution [out, in, kernel, kernel]; its gradient is the transposed one. */
  public static Tensor conv2d(
      Tensor x, LayerWeight weight, TensorOptional bias, long[] stride, long[] padding) {
    long[] sizes = x.shape();
    return joined(
        x, () -> torch.conv2d(x, weight.tensor(), bias, stride, padding, ONE, 1), gradient -> {
          Tensor wide = weight.tensor();
          long[] rest = new long[2];
          for (int i = 0; i < 2; i++) {
            rest[i] = sizes[2 + i]
                - ((gradient.size(2 + i) - 1) * stride[i] - 2 * padding[i] + wide.size(2 + i));
          }
          return torch.conv_transpose2d(
              gradient, wide, new TensorOptional(), stride, padding, rest, 1, ONE);
        });
  }

  private static Tensor joined(Tensor x, Supplier<Tensor> value, UnaryOperator<Tensor> back) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor y;
      try (NoGradGuard guard = new NoGradGuard()) {
        y = value.get();
      }
      CustomGradients.current().join(y, gradient -> new Tensor[] {back.apply(gradient)}, x);
      return scope.promote(y);
    }
  }
}
