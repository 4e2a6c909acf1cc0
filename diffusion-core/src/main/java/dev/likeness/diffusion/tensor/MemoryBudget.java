package dev.likeness.diffusion.tensor;

import java.util.Locale;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A limit on the memory that the generation of one image at a time may use.
 *
 * @param bytes the limit in bytes, at least 1. On a CPU, the budget limits the memory of the whole
 *     process, including mapped files. On a GPU, it limits the GPU's memory
 * @param allow8Bit the rule for quantising the network's weights to 8 bits, which changes images
 *     slightly
 * @param width the width of the images in pixels; empty for the model's default
 * @param height the height of the images in pixels; empty for the model's default
 * @param batchSize the number of samples in one call of the network, for example 2 with
 *     classifier-free guidance; empty for the model family's default
 * @param reserved the part of the limit that networks beside the model take, in bytes: those of
 *     ControlNets; at least 0
 */
public record MemoryBudget(
    long bytes,
    EightBits allow8Bit,
    OptionalInt width,
    OptionalInt height,
    OptionalInt batchSize,
    long reserved) {
  /**
   * Quantisation of the network's weights to 8 bits. Weights of 8 bits need half the memory of bf16
   * weights.
   */
  public enum EightBits {
    /** The network keeps its element type. */
    NEVER,
    /**
     * If the whole network does not fit the budget, its weights are quantised. If the quantised
     * network does not fit either, a transformer is streamed instead: its unquantised blocks are
     * loaded when they are used.
     */
    IF_NEEDED,
    /** The weights are quantised, and dequantised for each multiplication. */
    WEIGHTS,
    /**
     * Layers multiply in 8 bits. {@link Compute#hasEightBitProducts()} describes the devices that
     * do.
     *
     * <p>On a CPU, a {@link dev.likeness.diffusion.EightBitCalibration calibration} names the
     * linear layers and convolutions that multiply in 8 bits, and how their inputs are rounded.
     * These layers take half the time of bf16. Without a calibration, linear layers multiply in 8
     * bits with inputs rounded for each token, and convolutions do not; this is faster than f32,
     * but not faster than bf16.
     *
     * <p>On a GPU, only weights that the file stores as {@code F8_E4M3} are multiplied in 8 bits.
     * These weights stay in memory as they are stored. Text encoders that are not streamed keep
     * their {@code F8_E4M3} weights too, but widen them to the model's element type at each use.
     * All other weights are widened when they are loaded.
     */
    PRODUCTS
  }

  private static final long UNLIMITED = Long.MAX_VALUE;

  private static final Pattern SIZE =
      Pattern.compile("([0-9]+(?:\\.[0-9]+)?)\\s*([KMGT])(i?)B", Pattern.CASE_INSENSITIVE);

  /**
   * Checks the ranges.
   *
   * @throws IllegalArgumentException if a number is out of its range, or if a limit is combined
   *     with {@link EightBits#WEIGHTS}
   */
  public MemoryBudget {
    Objects.requireNonNull(allow8Bit, "allow8Bit");
    if (bytes < 1 || Math.min(width.orElse(1), height.orElse(1)) < 1 || batchSize.orElse(1) < 1) {
      throw new IllegalArgumentException(
          "bytes, sizes and batch size of a memory budget must be at least 1, got " + bytes
              + " bytes" + (width.isPresent() ? ", width " + width.getAsInt() : "")
              + (height.isPresent() ? ", height " + height.getAsInt() : "")
              + (batchSize.isPresent() ? ", batch size " + batchSize.getAsInt() : ""));
    }
    if (reserved < 0) {
      throw new IllegalArgumentException(
          "the reserved bytes of a memory budget must be at least 0, got " + reserved);
    }
    if (bytes != UNLIMITED && allow8Bit == EightBits.WEIGHTS) {
      throw new IllegalArgumentException("unconditional 8-bit quantisation (" + allow8Bit
          + ") cannot be combined with a memory limit; leave out the limit, or choose IF_NEEDED");
    }
  }

  /**
   * {@return a budget for images of the model's default size and for the model's default guidance}
   * The network keeps its element type.
   *
   * @param size the limit on the memory, such as {@code 12GiB} or {@code 800 MB}
   * @throws IllegalArgumentException if the text is not a memory size
   */
  public static MemoryBudget of(String size) {
    Matcher parts = SIZE.matcher(size.strip());
    if (!parts.matches()) {
      throw new IllegalArgumentException(
          "\"" + size + "\" is not a memory size; give one such as 12GiB or 800MB");
    }
    int power = "KMGT".indexOf(parts.group(2).toUpperCase(Locale.ROOT)) + 1;
    double unit = Math.pow(parts.group(3).isEmpty() ? 1000 : 1024, power);
    return ofBytes((long) (Double.parseDouble(parts.group(1)) * unit));
  }

  /** {@return a budget without a limit} */
  public static MemoryBudget unlimited() {
    return ofBytes(UNLIMITED);
  }

  /**
   * {@return a budget for images of the model's default size and for the model's default guidance}
   * The network keeps its element type.
   *
   * @param bytes the limit in bytes, at least 1
   * @throws IllegalArgumentException if the limit is below 1
   */
  public static MemoryBudget ofBytes(long bytes) {
    return new MemoryBudget(
        bytes, EightBits.NEVER, OptionalInt.empty(), OptionalInt.empty(), OptionalInt.empty(), 0);
  }

  /** {@return true if there is a limit} */
  public boolean isLimited() {
    return bytes != UNLIMITED;
  }

  /**
   * {@return a copy of this budget for images of the given size}
   *
   * @param pixelsAcross the width in pixels, at least 1
   * @param pixelsDown the height in pixels, at least 1
   * @throws IllegalArgumentException if a side is below 1
   */
  public MemoryBudget size(int pixelsAcross, int pixelsDown) {
    return new MemoryBudget(
        bytes,
        allow8Bit,
        OptionalInt.of(pixelsAcross),
        OptionalInt.of(pixelsDown),
        batchSize,
        reserved);
  }

  /**
   * {@return a copy of this budget for the given batch size}
   *
   * @param count the number of samples in one call of the network, at least 1
   * @throws IllegalArgumentException if the number is below 1
   */
  public MemoryBudget batchSize(int count) {
    return new MemoryBudget(bytes, allow8Bit, width, height, OptionalInt.of(count), reserved);
  }

  /**
   * {@return a copy of this budget with the given choice of 8-bit quantisation}
   *
   * @param choice the rule for quantising the network's weights to 8 bits
   * @throws IllegalArgumentException if the budget has a limit and {@code choice} is
   *     {@code WEIGHTS}
   */
  public MemoryBudget allow8Bit(EightBits choice) {
    return new MemoryBudget(bytes, choice, width, height, batchSize, reserved);
  }

  /**
   * {@return a copy of this budget that leaves a part of its limit to other networks} The model is
   * opened so that it needs at most the rest.
   *
   * @param others the memory of networks beside the model in bytes, at least 0, such as
   *     {@link dev.likeness.diffusion.request.ControlNet#memoryBytes()}
   * @throws IllegalArgumentException if the number is below 0
   */
  public MemoryBudget reserve(long others) {
    return new MemoryBudget(bytes, allow8Bit, width, height, batchSize, others);
  }
}
