package dev.likeness.lora.training;

/**
 * Pivotal tuning (Roich et al. 2021, arXiv:2106.05744, as scripts for diffusion models have it):
 * the person's token becomes a new word of several vectors, which learns first together with the
 * factors and then stays while these go on.
 *
 * @param vectors how many; 0 to spell the token with the tokens that there are
 * @param until the share of the steps while the vectors learn
 * @param rate how far a number of theirs moves in a step of full learning rate, in spreads of the
 *     base's own vectors; with Prodigy, in a step of the rate that is usual
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
