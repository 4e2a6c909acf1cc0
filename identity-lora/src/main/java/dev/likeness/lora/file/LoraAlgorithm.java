package dev.likeness.lora.file;

/** The algorithm by which the tensors of a LoRA file change the weight of a layer. */
public enum LoraAlgorithm {
  /** {@code lora_up lora_down}, with {@code lora_mid} for LoCon's Tucker form. */
  LORA,
  /** LyCORIS LoHa. */
  LOHA,
  /** LyCORIS LoKr. */
  LOKR,
  /** LyCORIS GLoRA. */
  GLORA,
  /** LyCORIS OFT and BOFT. */
  OFT,
  /** peft's OFT. */
  PEFT_OFT,
  /** OFT as peft wrote it before 0.16. */
  OLD_PEFT_OFT,
  /** peft's BOFT. */
  PEFT_BOFT,
  /** LyCORIS' IA3. */
  IA3,
  /** peft's IA3, which keeps the factors themselves. */
  PEFT_IA3,
  /** The difference itself, as large as the weight. */
  FULL,
  /** A norm's difference. */
  NORM,
  /** A new weight. */
  SET,
  /** A change of the bias alone. */
  BIAS
}
