package dev.likeness.diffusion.internal.memory;

import dev.likeness.diffusion.internal.natives.LibTorch;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.tensor.DType;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
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

  /** The number of values that are quantised or dequantised at once. */
  private static final long BLOCK = 1 << 20;

  /** Returns true if a weight [out, in, ...] of this shape is large enough to be quantised. */
  static boolean isWorthwhile(long... shape) {
    return shape.length > 1 && shape[0] * shape[1] >= MIN_ELEMENTS;
  }

  /**
   * Reads a weight and quantises it; {@code keeping} makes the result outlive the scope that frees
   * the weight.
   */
  static Int8Weight read(Supplier<Tensor> reading, UnaryOperator<Tensor> keeping) {
    try (TensorScope scope = TensorScope.open()) {
      Int8Weight bits = of(reading.get());
      return new Int8Weight(keeping.apply(bits.quantized), keeping.apply(bits.scale), bits.shape);
    } finally {
      // The freed weight lies between kept ones, and glibc seldom uses such gaps again.
      LibTorch.trim();
    }
  }

  /** Quantises a weight [out, in, ...]; rows in blocks, so that little is kept in f32. */
  static Int8Weight of(Tensor tensor) {
    long[] shape = tensor.shape();
    Tensor rows = tensor.reshape(shape[0], -1);
    Tensor quantized = rows.new_empty(rows.shape(), new TensorOptions(ScalarType.Char));
    Tensor scale = rows.new_empty(new long[] {shape[0], 1}, new TensorOptions(ScalarType.Float));
    forBlocks(rows, (start, count) -> {
      Tensor block = rows.narrow(0, start, count).to(ScalarType.Float);
      Tensor step = torch
          .amax(block.abs(), new long[] {1}, true)
          .div(new Scalar(127.0))
          .clamp_min(new Scalar(1e-30));
      scale.narrow(0, start, count).copy_(step);
      quantized.narrow(0, start, count).copy_(block.div(step).round());
    });
    return new Int8Weight(quantized, scale, shape);
  }

  /** Returns the weight; rows are dequantised in blocks, so that little is kept in f32. */
  Tensor dequantize(DType type) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor wide =
          quantized.new_empty(quantized.shape(), new TensorOptions(Tensors.scalarType(type)));
      forBlocks(
          quantized,
          (start, count) -> wide.narrow(0, start, count)
              .copy_(quantized
                  .narrow(0, start, count)
                  .to(ScalarType.Float)
                  .mul_(scale.narrow(0, start, count))));
      return scope.promote(wide.view(shape));
    }
  }

  private static void forBlocks(Tensor matrix, BiConsumer<Long, Long> work) {
    long largest = Math.max(1, BLOCK / Math.max(1, matrix.size(1)));
    for (long start = 0; start < matrix.size(0); start += largest) {
      try (TensorScope scope = TensorScope.open()) {
        work.accept(start, Math.min(largest, matrix.size(0) - start));
      }
    }
  }
}
