package dev.likeness.diffusion.internal.nn.cpu;

import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.Arrays;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * How the input of a layer is rounded to bytes, known before the layer runs (static quantisation;
 * Jacob et al. 2018, arXiv:1712.05877, section 2.1). A number r becomes the byte {@code round(r /
 * scale) + zeroPoint}. Numbers outside of the range become its nearest end. The number 0 is exact,
 * because convolutions pad with it.
 *
 * <p>If there are divisors, channel c of the input is first divided by divisor c, and the weight's
 * channel c is multiplied by it. So channels of large numbers do not take the bytes of the others
 * (SmoothQuant; Xiao et al. 2023, arXiv:2211.10438, section 4).
 *
 * @param low the smallest number, after the division
 * @param high the largest number, after the division
 * @param divisors a positive number for each input channel; empty to divide none
 */
public record InputRange(double low, double high, float[] divisors) {
  /** The largest byte. */
  private static final int LARGEST = 255;

  private static final double MIN_SCALE = 1e-30;

  /** Returns a range without divisors. */
  public static InputRange of(double low, double high) {
    return new InputRange(low, high, new float[0]);
  }

  /** Returns true if the ends are finite and in order, and the divisors positive and finite. */
  public boolean isValid() {
    boolean valid = low <= high && !Double.isInfinite(low) && !Double.isInfinite(high);
    for (float divisor : divisors) {
      valid &= divisor > 0 && divisor < Float.POSITIVE_INFINITY;
    }
    return valid;
  }

  /** Returns the difference between the numbers of neighbouring bytes. */
  double scale() {
    return Math.max((Math.max(high, 0) - Math.min(low, 0)) / LARGEST, MIN_SCALE);
  }

  /** Returns the byte of the number 0. */
  long zeroPoint() {
    return Math.min(LARGEST, Math.round(-Math.min(low, 0) / scale()));
  }

  /**
   * Returns the bytes of {@code x} in its memory format; the calling scope owns them.
   *
   * @param x [tokens, in] or [batch, in, h, w]
   */
  Tensor bytes(Tensor x) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor wide = divisors.length == 0
          ? x.to(ScalarType.Float)
          : x.mul(perChannel(x.shape().length).reciprocal_());
      Tensor rounded = torch.quantize_per_tensor(wide, scale(), zeroPoint(), ScalarType.QUInt8);
      // A view of the same bytes as plain ones; libtorch's own conversion would copy them.
      Tensor bytes = torch.empty(
          new long[] {0}, new TensorOptions(ScalarType.Byte), new MemoryFormatOptional());
      return scope.promote(bytes.set_(
          rounded.storage(), 0, rounded.shape(), rounded.strides().vec().get()));
    }
  }

  /** Multiplies a weight [out, in, ...] in f32 by the divisors in place, and returns it. */
  Tensor multiply(Tensor weight) {
    return divisors.length == 0 ? weight : weight.mul_(perChannel(weight.shape().length));
  }

  private Tensor perChannel(int dimensions) {
    long[] shape = new long[dimensions];
    Arrays.fill(shape, 1);
    shape[1] = divisors.length;
    return torch.tensor(divisors).view(shape);
  }
}
