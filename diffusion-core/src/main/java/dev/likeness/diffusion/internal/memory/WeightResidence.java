package dev.likeness.diffusion.internal.memory;

/** How a network's tensors lie in memory. */
public enum WeightResidence {
  /**
   * Views of the mapped file where nothing has to be converted; the system takes back what it
   * needs.
   */
  MAPPED("mapped"),
  /** All in memory of their own. */
  RESIDENT("held"),
  /**
   * The blocks' matrices in eight bits with a scale for each row, widened block by block as they
   * are used.
   */
  INT8_BLOCKS("held in 8 bits"),
  /** The large matrices each in eight bits with a scale for each row, widened at each use. */
  INT8_MATRICES("held in 8 bits"),
  /**
   * In memory of their own, the layers' products' matrices in eight bits, in which they are
   * multiplied.
   */
  INT8_MATMUL("held and multiplied in 8 bits"),
  /** The blocks brought in from the file as they are used, one ahead, and freed after. */
  STREAMED("brought in block by block");

  private final String description;

  WeightResidence(String words) {
    this.description = words;
  }

  /** In words, for a plan that is printed. */
  public String description() {
    return description;
  }
}
