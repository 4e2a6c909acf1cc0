package dev.likeness.lora.internal.training;

/**
 * What a block of a network keeps for the way back, in numbers.
 *
 * @param typed of the network's type
 * @param single in f32, whatever the type
 * @param turned in f32 while the block is computed, and kept nowhere
 */
record BlockLoad(double typed, double single, double turned) {
  static final BlockLoad NONE = new BlockLoad(0, 0, 0);

  private static final int F32 = 4;
  /**
   * What a block takes while it learns, by what it keeps: of the network's type, and of f32.
   * Measured.
   */
  private static final double TYPED_AT_WORK = 2.3;

  private static final double SINGLE_AT_WORK = 7;

  static BlockLoad typed(double numbers) {
    return new BlockLoad(numbers, 0, 0);
  }

  BlockLoad plus(BlockLoad other) {
    return new BlockLoad(typed + other.typed, single + other.single, turned + other.turned);
  }

  /** Bytes that it keeps, where a number of the network's type takes {@code bytes}. */
  double kept(int bytes) {
    return typed * bytes + single * F32;
  }

  /**
   * Bytes that it takes at most while it is computed and gone back through by itself, the kept ones
   * included.
   */
  double atWork(int bytes) {
    return TYPED_AT_WORK * typed * bytes + SINGLE_AT_WORK * F32 * (single + turned);
  }
}
