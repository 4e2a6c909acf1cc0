package dev.likeness.lora.training;

/** The form of the trained weight change (delta) of each layer. */
public enum AdapterAlgorithm {
  /** LoRA: two low-rank factors (Hu et al. 2021, arXiv:2106.09685). */
  LORA,
  /**
   * DoRA: two low-rank factors and a magnitude for each row of the weight (Liu et al. 2024,
   * arXiv:2402.09353). ComfyUI opens a DoRA only in kohya's key format.
   */
  DORA,
  /**
   * LoKr: a Kronecker product of two matrices. The size of the layer determines the sizes of both
   * matrices; rank and alpha are ignored. diffusers opens a LoKr only for FLUX.2 klein and Z-Image.
   */
  LOKR,
  /**
   * LoHa: the elementwise product of two low-rank matrices (Hyeon-Woo et al. 2022,
   * arXiv:2108.06098). It has twice as many values as a LoRA of the same rank. The rank of its
   * delta can be up to the square of the rank in the settings. Without gradient checkpointing, the
   * training of a LoHa needs much memory. ComfyUI opens a LoHa, but diffusers does not.
   */
  LOHA
}
