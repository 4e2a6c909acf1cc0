package dev.likeness.diffusion.internal.memory;

import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.nn.F8Linear;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * The number of values of a network.
 *
 * @param rest values outside of blocks
 * @param blocks values of all blocks
 * @param largest values of the largest block; none if blocks cannot be loaded one by one
 */
public record ComponentSize(ValueCount rest, ValueCount blocks, ValueCount largest) {
  /** Bytes for converting one large matrix after another. */
  private static final long WIDENED = 256L << 20;

  /**
   * A number of values.
   *
   * @param all the values
   * @param inF8 those of matrices that a layer can use as the file's f8
   * @param inInt8 those of matrices that products in 8 bits on a CPU pack
   */
  public record ValueCount(long all, long inF8, long inInt8) {
    private static final ValueCount NONE = new ValueCount(0, 0, 0);

    /**
     * The bytes of a value in a packed form for products in 8 bits, with the gaps that glibc keeps:
     * of a transformer's blocks, measured with FLUX.2 klein 4B in bf16 and f32.
     */
    private static final double PACKED_IN_BLOCKS = 2;

    /**
     * The same of layers outside of blocks, measured with UNets: 1.1 to 1.5
     * (benchmarks/cpu-kernels.md, "Memory of products in 8 bits"). Their weights are smaller and
     * leave smaller gaps.
     */
    private static final double PACKED = 1.5;

    private static ValueCount of(TensorNames tensors, String name, boolean isCalibrated) {
      long values = tensors.elements(name);
      return new ValueCount(
          values,
          F8Linear.isStoredIn(tensors, name) ? values : 0,
          isPacked(tensors.shape(name), isCalibrated) ? values : 0);
    }

    /** Convolutions need the ranges of a calibration. */
    private static boolean isPacked(long[] shape, boolean isCalibrated) {
      return (shape.length == 2 || isCalibrated) && Int8Weight.isWorthwhile(shape);
    }

    private ValueCount plus(ValueCount more) {
      return new ValueCount(all + more.all, inF8 + more.inF8, inInt8 + more.inInt8);
    }

    /** Returns the bytes if matrices in f8 stay so, and other values take {@code width} bytes. */
    private long bytesInF8(int width) {
      return (all - inF8) * width + inF8;
    }

    /** Returns the bytes if a value of a matrix takes {@code packed} bytes, as in products. */
    private long bytesPacked(int width, double packed) {
      return (all - inInt8) * width + (long) (inInt8 * Math.min(width, packed));
    }
  }

  /**
   * Returns the size of a component.
   *
   * @param blocks its blocks
   * @param isCalibrated true if a calibration tells the ranges of inputs for products in 8 bits
   */
  static ComponentSize of(TensorNames tensors, BlockNames blocks, boolean isCalibrated) {
    return of(tensors, blocks, isCalibrated, name -> true);
  }

  /** Returns the size of a component, counting only tensors that are used. */
  public static ComponentSize of(
      TensorNames tensors, BlockNames blocks, boolean isCalibrated, Predicate<String> used) {
    ValueCount rest = ValueCount.NONE;
    Map<String, ValueCount> sizes = new HashMap<>();
    for (String name : tensors.names().stream().filter(used).toList()) {
      ValueCount count = ValueCount.of(tensors, name, isCalibrated);
      Optional<String> block = blocks.blockOf(name);
      if (block.isPresent()) {
        sizes.merge(block.get(), count, ValueCount::plus);
      } else {
        rest = rest.plus(count);
      }
    }
    return new ComponentSize(
        rest,
        sizes.values().stream().reduce(ValueCount.NONE, ValueCount::plus),
        sizes.values().stream()
            .max(Comparator.comparingLong(ValueCount::all))
            .orElse(ValueCount.NONE));
  }

  /**
   * Returns the bytes in memory at {@code width} bytes a value, while the component computes or is
   * idle. Only one packed form of each weight counts; an image of a size that needs another form
   * keeps both.
   */
  public long bytes(WeightResidence residence, int width, boolean busy) {
    long wide = rest.all * width;
    long widened = busy ? WIDENED : 0;
    return switch (residence) {
      case MAPPED, RESIDENT -> wide + blocks.all * width;
      case INT8_MATMUL ->
        rest.bytesPacked(width, ValueCount.PACKED)
            + blocks.bytesPacked(width, ValueCount.PACKED_IN_BLOCKS)
            + widened;
      case INT8_BLOCKS ->
        wide + blocks.all + (busy ? 2 * largest.all * width + 4 * largest.all : 0);
      case INT8_MATRICES -> rest.all + blocks.all + widened;
      case F8_MATRICES -> wide + blocks.bytesInF8(width) + widened;
      case F8_MATMUL -> rest.bytesInF8(width) + blocks.bytesInF8(width) + widened;
      case F8_STREAMED -> wide + (busy ? 2 * largest.bytesInF8(width) : 0) + widened;
      case STREAMED -> wide + (busy ? 2 * largest.all * width : 0);
    };
  }
}
