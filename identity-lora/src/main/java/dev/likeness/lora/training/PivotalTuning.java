package dev.likeness.lora.training;

import static dev.likeness.lora.training.SettingRange.require;

/**
 * Pivotal tuning (Roich et al. 2021, arXiv:2106.05744, as in the training scripts of diffusers):
 * the person's token becomes a placeholder token with several embedding vectors. These vectors are
 * first trained together with the LoRA, then frozen while the LoRA is trained further.
 *
 * @param vectors number of vectors; 0 to train no placeholder token
 * @param endFraction the share of the steps after which the vectors are frozen, 0 to 1; above 0 if
 *     there are vectors
 * @param learningRate change of an embedding value in one step, in standard deviations of the
 *     base's embeddings; above 0 if there are vectors. The change has this size when the LoRA's
 *     learning rate is at its peak. With Prodigy, the change has this size when Prodigy's step size
 *     equals the learning rate that {@link TrainingSettings#forBase} sets
 */
public record PivotalTuning(int vectors, double endFraction, double learningRate) {
  /** No placeholder token is trained. */
  public static final PivotalTuning NONE = new PivotalTuning(0, 0, 0);

  /** The default {@code train_text_encoder_ti_frac} of diffusers' advanced training scripts. */
  private static final double DEFAULT_END = 0.5;
  /** Chosen for this library: no reference counts in standard deviations of the embeddings. */
  private static final double DEFAULT_RATE = 0.02;

  /**
   * Checks the ranges of the settings.
   *
   * @throws IllegalArgumentException if a value is out of its range
   */
  public PivotalTuning {
    boolean trains = vectors > 0;
    require(vectors >= 0, "the number of vectors", "at least 0", vectors);
    require(
        endFraction <= 1 && (trains ? endFraction > 0 : endFraction >= 0),
        "the end of pivotal tuning",
        trains ? "above 0 and at most 1" : "in 0..1",
        endFraction);
    require(
        !trains || learningRate > 0,
        "the learning rate of pivotal tuning",
        "above 0",
        learningRate);
  }

  /**
   * {@return settings that train the vectors of a placeholder token in the first half of the steps,
   * with a learning rate of 0.02}
   *
   * @param vectors number of vectors; 0 to train no placeholder token
   * @throws IllegalArgumentException if the number is negative
   */
  public static PivotalTuning of(int vectors) {
    return new PivotalTuning(vectors, DEFAULT_END, DEFAULT_RATE);
  }
}
