package dev.likeness.lora.internal.file;

/** The role of a tensor of a LoRA file for its layer, such as a factor or an alpha. */
enum LoraRole {
  DOWN,
  UP,
  MID,
  /** The singular values of AdaLoRA, [rank, 1]. */
  SINGULAR_VALUES,
  /** A factor beside an embedding table, [rank, rows]. */
  EMBEDDING_A,
  /** A factor beside an embedding table, [width, rank]. */
  EMBEDDING_B,
  ALPHA,
  MAGNITUDE,
  HADA_W1_A,
  HADA_W1_B,
  HADA_W2_A,
  HADA_W2_B,
  HADA_T1,
  HADA_T2,
  LOKR_W1,
  LOKR_W1_A,
  LOKR_W1_B,
  LOKR_W2,
  LOKR_W2_A,
  LOKR_W2_B,
  LOKR_T2,
  A1,
  A2,
  B1,
  B2,
  BM,
  DIFF,
  DIFF_B,
  SET,
  SET_B,
  W_NORM,
  B_NORM,
  BIAS_UP,
  OFT_BLOCKS,
  OFT_R,
  /** OneTrainer's marker of scaled OFT, a number beside {@link #OFT_R}. */
  OFT_SCALED,
  OFT_MATRICES,
  OFT_LENGTHS,
  RESCALE,
  BOFT_MATRICES,
  BOFT_LENGTHS,
  CHANNEL_SCALE,
  ON_INPUT,
  CHANNEL_FACTOR,
  /** A tensor that contains the shape of the new weight. */
  RESHAPE;
}
