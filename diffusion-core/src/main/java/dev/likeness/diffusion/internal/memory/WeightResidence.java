package dev.likeness.diffusion.internal.memory;

/** How a network's tensors are kept in memory. */
public enum WeightResidence {
  /**
   * Views of the mapped file for tensors that need no conversion. The system can free their pages.
   */
  MAPPED("mapped"),
  /** All tensors in memory of their own. */
  RESIDENT("loaded"),
  /**
   * Matrices of blocks in 8 bits with a scale for each row; each block is dequantised when it is
   * used.
   */
  INT8_BLOCKS("loaded in 8 bits"),
  /** Large matrices in 8 bits with a scale for each row; each is dequantised at each use. */
  INT8_MATRICES("loaded in 8 bits"),
  /** Tensors in memory of their own; matrices of linear layers are multiplied in 8 bits. */
  INT8_MATMUL("loaded and multiplied in 8 bits"),
  /** Blocks are read from the file when they are used, one block ahead, and freed afterwards. */
  STREAMED("streamed block by block");

  private final String description;

  WeightResidence(String words) {
    this.description = words;
  }

  /** Returns the words for a printed memory plan. */
  public String description() {
    return description;
  }
}
