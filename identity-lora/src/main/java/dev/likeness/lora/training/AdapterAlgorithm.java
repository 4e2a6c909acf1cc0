package dev.likeness.lora.training;

/** The form of the trained weight change (delta) of each layer. */
public enum AdapterAlgorithm {
  /** LoRA: two low-rank factors (Hu et al. 2021, arXiv:2106.09685). */
  LORA,
  /**
   * DoRA: two low-rank factors and a magnitude for each row of the weight (Liu et al. 2024,
   * arXiv:2402.09353).
   */
  DORA,
  /**
   * LoKr: a Kronecker product of two matrices. The size of the layer determines their sizes; rank
   * and alpha are ignored.
   */
  LOKR
}
