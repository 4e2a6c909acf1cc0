package dev.likeness.lora.training;

/**
 * Pivotal tuning (Roich et al. 2021, arXiv:2106.05744, as in the training scripts of diffusers):
 * the person's token becomes a placeholder token of several vectors. It is first trained
 * together with the LoRA, then frozen while the LoRA is trained further.
 *
 * @param vectors number of vectors; 0 to use the existing tokens of the word
 * @param until the share of the steps in which the vectors are trained, 0 to 1
 * @param rate the change of a value in a step of full learning rate, in standard deviations of
 *     the base's embeddings; with Prodigy, in a step of its usual rate
 */
public record Pivot(int vectors, double until, double rate) {
  /** No new word. */
  public static final Pivot NONE = new Pivot(0, 0, 0);

  private static final double HALF = 0.5;
  private static final double RATE = 0.02;

  public Pivot {
    if (vectors < 0 || !(until >= 0 && until <= 1) || vectors > 0 && !(rate > 0 && until > 0)) {
      throw new IllegalArgumentException("a new word of " + vectors + " vectors until " + until
          + " of the steps at rate " + rate + ": none or more, 0 to 1, above 0");
    }
  }

  /** A word of {@code vectors} vectors that learn during half of the steps. */
  public static Pivot of(int vectors) {
    return new Pivot(vectors, HALF, RATE);
  }
}
