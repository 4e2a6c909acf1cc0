package dev.likeness.diffusion.internal.memory;

/**
 * The activations that a block keeps for the backward pass, as numbers of values.
 *
 * @param inDtype values in the dtype of the network
 * @param inF32 values in f32, for any dtype
 * @param rotary values in f32 that exist only while the block is computed
 */
record BlockActivations(double inDtype, double inF32, double rotary) {
  static final BlockActivations NONE = new BlockActivations(0, 0, 0);

  /**
   * The measured ratio of temporary memory to kept activations, for the dtype of the network and
   * for f32.
   */
  private static final double DTYPE_PEAK = 2.3;

  private static final double F32_PEAK = 7;

  static BlockActivations inDtype(double numbers) {
    return new BlockActivations(numbers, 0, 0);
  }

  BlockActivations plus(BlockActivations other) {
    return new BlockActivations(
        inDtype + other.inDtype, inF32 + other.inF32, rotary + other.rotary);
  }

  /** Returns the kept bytes, for {@code bytes} per value of the dtype of the network. */
  double keptBytes(int bytes) {
    return inDtype * bytes + inF32 * Float.BYTES;
  }

  /**
   * Returns the peak bytes of the forward and backward pass of this block, including the kept ones.
   */
  double peakBytes(int bytes) {
    return DTYPE_PEAK * inDtype * bytes + F32_PEAK * Float.BYTES * (inF32 + rotary);
  }
}
