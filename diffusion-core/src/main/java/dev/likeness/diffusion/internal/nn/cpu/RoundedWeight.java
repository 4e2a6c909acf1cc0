package dev.likeness.diffusion.internal.nn.cpu;

import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.BiFunction;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A weight [out, in, ...] rounded to whole numbers from -127 to 127, each output channel with its
 * own scale. It is computed a few output channels at a time, so that intermediate tensors stay in
 * the cache and little memory is taken in f32.
 */
final class RoundedWeight {
  static final double LARGEST = 127;

  private static final double MIN_SCALE = 1e-30;

  /** The number of values that are rounded at once. */
  private static final long BLOCK = 1 << 19;

  private RoundedWeight() {}

  /** Returns the scale of each output channel, [out] in f32. */
  static Tensor scales(Tensor weight, Optional<InputRange> range) {
    Tensor scales =
        weight.new_empty(new long[] {weight.size(0)}, new TensorOptions(ScalarType.Float));
    fill(
        scales,
        weight,
        (first, rows) -> torch
            .amax(wide(rows, range).abs_().view(rows.size(0), -1), new long[] {1}, false)
            .clamp_min_(new Scalar(MIN_SCALE))
            .div_(new Scalar(LARGEST)));
    return scales;
  }

  /** Returns the whole numbers, in the weight's shape. */
  static Tensor steps(Tensor weight, Tensor scales, Optional<InputRange> range) {
    long[] perRow = new long[weight.shape().length];
    Arrays.fill(perRow, 1);
    Tensor steps = weight.new_empty(weight.shape(), new TensorOptions(ScalarType.Char));
    fill(steps, weight, (first, rows) -> {
      perRow[0] = rows.size(0);
      Tensor own = scales.narrow(0, first, rows.size(0)).view(perRow);
      return wide(rows, range).div_(own).round_();
    });
    return steps;
  }

  /** Returns rows in f32, in memory of their own. */
  private static Tensor wide(Tensor rows, Optional<InputRange> range) {
    Tensor own = rows.new_empty(rows.shape(), new TensorOptions(ScalarType.Float));
    own.copy_(rows);
    return range.map(known -> known.multiply(own)).orElse(own);
  }

  private static void fill(Tensor out, Tensor weight, BiFunction<Long, Tensor, Tensor> of) {
    long each = Math.max(1, weight.numel() / weight.size(0));
    long most = Math.max(1, BLOCK / each);
    for (long first = 0; first < weight.size(0); first += most) {
      try (TensorScope scope = TensorScope.open()) {
        long count = Math.min(most, weight.size(0) - first);
        out.narrow(0, first, count).copy_(of.apply(first, weight.narrow(0, first, count)));
      }
    }
  }
}
