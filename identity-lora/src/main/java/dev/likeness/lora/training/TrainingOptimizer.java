package dev.likeness.lora.training;

/** The optimiser of the trained weights. */
public enum TrainingOptimizer {
  /** AdamW (Loshchilov and Hutter 2019, arXiv:1711.05101), with f32 state. */
  ADAMW,
  /**
   * AdamW with 8-bit state (Dettmers et al. 2022, arXiv:2110.02861). The state needs a quarter of
   * the memory of the state of {@link #ADAMW}.
   */
  ADAMW_8BIT,
  /**
   * Adafactor (Shazeer and Stern 2018, arXiv:1804.04235): keeps almost no state. For a LoRA, use
   * AdamW's learning rate. For {@link dev.likeness.lora.DreamBooth}, the learning rate is relative
   * to the magnitude of the weights.
   */
  ADAFACTOR,
  /**
   * Prodigy (Mishchenko and Defazio 2023, arXiv:2306.06101): estimates its own step size. Use a
   * learning rate of 1.
   */
  PRODIGY,
  /**
   * Lion (Chen et al. 2023, arXiv:2302.06675). The state needs half the memory of the state of
   * {@link #ADAMW}. Use a third to a tenth of AdamW's learning rate.
   */
  LION,
  /**
   * Schedule-free AdamW (Defazio et al. 2024, arXiv:2405.15682): averages the weights instead of
   * lowering the learning rate, and the averaged weights become the result. After the warmup, the
   * learning rate is constant, whatever the {@link LearningRateScheduler}. Use AdamW's learning
   * rate or a higher one.
   */
  ADAMW_SCHEDULE_FREE
}
