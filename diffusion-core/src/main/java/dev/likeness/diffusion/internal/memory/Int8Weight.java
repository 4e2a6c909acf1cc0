package dev.likeness.diffusion.internal.memory;

import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.tensor.DType;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A matrix in 8 bits: each row is a multiple of 1/127 of its largest magnitude.
 *
 * @param quantized [rows, columns], int8
 * @param scale [rows, 1], f32
 */
record Int8Weight(Tensor quantized, Tensor scale, long[] shape) {
  /**
   * The number of values from which quantising a matrix pays. It excludes only a UNet's first and
   * last layers.
   */
  private static final long MIN_ELEMENTS = 64 * 64;

  /** The number of values that are dequantised at once. */
  private static final long BLOCK = 1 << 20;

  /** Returns true if a weight [out, in, ...] of this shape is large enough to be quantised. */
  static boolean isWorthwhile(long... shape) {
    return shape.length > 1 && shape[0] * shape[1] >= MIN_ELEMENTS;
  }

  static Int8Weight of(Tensor tensor) {
    Tensor rows = tensor.to(ScalarType.Float).reshape(tensor.size(0), -1);
    Tensor scale = torch
        .amax(rows.abs(), new long[] {1}, true)
        .div(new Scalar(127.0))
        .clamp_min(new Scalar(1e-30));
    Tensor steps = rows.div(scale).round().to(ScalarType.Char);
    long[] shape = new long[(int) tensor.dim()];
    for (int i = 0; i < shape.length; i++) {
      shape[i] = tensor.size(i);
    }
    return new Int8Weight(steps, scale, shape);
  }

  /** Returns the weight; rows are dequantised in blocks, so that little is kept in f32. */
  Tensor dequantize(DType type) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor wide =
          quantized.new_empty(quantized.shape(), new TensorOptions(Tensors.scalarType(type)));
      long count = Math.max(1, BLOCK / Math.max(1, quantized.size(1)));
      for (long row = 0; row < quantized.size(0); row += count) {
        try (TensorScope block = TensorScope.open()) {
          long rows = Math.min(count, quantized.size(0) - row);
          wide.narrow(0, row, rows)
              .copy_(quantized
                  .narrow(0, row, rows)
                  .to(ScalarType.Float)
                  .mul_(scale.narrow(0, row, rows)));
        }
      }
      return scope.promote(wide.view(shape));
    }
  }
}
