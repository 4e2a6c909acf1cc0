package dev.likeness.lora.training;

/** The trained form of each layer's delta. */
public enum AdapterAlgorithm {
  /** Two factors of low rank. */
  LORA,
  /** Two factors and a length for each row of the weight (Liu et al. 2024, arXiv:2402.09353). */
  DORA,
  /**
   * A Kronecker product of two matrices, whose sizes follow from the layer's; rank and alpha play
   * no part.
   */
  LOKR
}
