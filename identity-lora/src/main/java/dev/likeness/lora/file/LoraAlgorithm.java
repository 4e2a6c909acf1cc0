package dev.likeness.lora.file;

/** The algorithm by which the tensors of a LoRA file change the weight of a layer. */
public enum LoraAlgorithm {
  /**
   * LoRA: {@code lora_up} and {@code lora_down}. The Tucker form of LoCon adds {@code lora_mid};
   * AdaLoRA adds the singular values {@code lora_E}.
   */
  LORA,
  /**
   * LoRA of an embedding table, as peft writes it: {@code lora_embedding_A} and
   * {@code lora_embedding_B}.
   */
  EMBEDDING,
  /** LoHa of LyCORIS: the Hadamard product of two low-rank products. */
  LOHA,
  /** LoKr of LyCORIS: a Kronecker product. */
  LOKR,
  /** GLoRA of LyCORIS. */
  GLORA,
  /** OFT and BOFT of LyCORIS: the weight is multiplied by orthogonal matrices. */
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
  /** A full difference, which has the same shape as the weight. */
  FULL,
  /** A full difference of the weight of a norm layer. */
  NORM,
  /** A new weight that replaces the layer's weight. */
  SET,
  /** A difference of the bias, without a change of the weight. */
  BIAS
}
