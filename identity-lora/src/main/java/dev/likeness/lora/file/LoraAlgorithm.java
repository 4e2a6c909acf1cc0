package dev.likeness.lora.file;

/** The algorithm by which the tensors of a LoRA file change the weight of a layer. */
public enum LoraAlgorithm {
  /**
   * LoRA: {@code lora_up lora_down}, with {@code lora_mid} for the Tucker form of LoCon, or with
   * the singular values {@code lora_E} of AdaLoRA.
   */
  LORA,
  /** LoRA of peft on an embedding table: {@code lora_embedding_A} and {@code lora_embedding_B}. */
  EMBEDDING,
  /** LoHa of LyCORIS: the Hadamard product of two low-rank products. */
  LOHA,
  /** LoKr of LyCORIS: a Kronecker product. */
  LOKR,
  /** GLoRA of LyCORIS. */
  GLORA,
  /** OFT and BOFT of LyCORIS: orthogonal rotations of the weight. */
  OFT,
  /** OFT of peft. */
  PEFT_OFT,
  /** OFT in the form that peft wrote before version 0.16. */
  OLD_PEFT_OFT,
  /** BOFT of peft. */
  PEFT_BOFT,
  /** IA3 of LyCORIS, which stores the factors minus 1. */
  IA3,
  /** IA3 of peft, which stores the factors themselves. */
  PEFT_IA3,
  /** A difference as large as the weight. */
  FULL,
  /** The difference of the weight of a norm. */
  NORM,
  /** A new weight that replaces that of the layer. */
  SET,
  /** A difference of the bias only. */
  BIAS
}
