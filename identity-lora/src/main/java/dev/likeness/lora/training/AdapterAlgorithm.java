package dev.likeness.lora.training;

/** The form in which the delta of each layer is trained. */
public enum AdapterAlgorithm {
  /** Two low-rank factors (Hu et al. 2021, arXiv:2106.09685). */
  LORA,
  /**
   * Two low-rank factors and a magnitude for each row of the weight (Liu et al. 2024,
   * arXiv:2402.09353).
   */
  DORA,
  /**
   * A Kronecker product of two matrices. Their sizes follow from the size of the layer; rank and
   * alpha are ignored.
   */
  LOKR
}
