package dev.likeness.portrait.evaluation;

/**
 * How much an evaluation looks at.
 *
 * @param prompts random prompts, each drawn once
 * @param alike images of each of the prompts that say little, for diversity
 * @param training training images among which the nearest is sought, at most
 * @param people who are learnt and drawn
 * @param steps sampling steps of an image
 * @param guidance how strictly images follow their prompts
 * @param seed which prompts, people and noise
 */
public record EvaluationPlan(
    int prompts, int alike, int training, int people, int steps, double guidance, long seed) {
  /** Enough for figures to publish; hours of two cores. */
  public static final EvaluationPlan WHOLE = new EvaluationPlan(500, 16, 10_000, 20, 30, 2.5, 0);

  /** A small sample. */
  public static final EvaluationPlan QUICK = new EvaluationPlan(48, 4, 500, 2, 30, 2.5, 0);

  public EvaluationPlan {
    if (prompts < 2 || alike < 2 || training < 1 || people < 0 || steps < 1) {
      throw new IllegalArgumentException(
          "an evaluation needs 2 prompts, 2 images alike, 1 training image, 1 step and no"
              + " negative number of people; given " + prompts + ", " + alike + ", " + training
              + ", " + steps + ", " + people);
    }
  }

  /** The same on this many prompts. */
  public EvaluationPlan prompts(int count) {
    return new EvaluationPlan(count, alike, training, people, steps, guidance, seed);
  }

  /** The same with this many people learnt. */
  public EvaluationPlan people(int count) {
    return new EvaluationPlan(prompts, alike, training, count, steps, guidance, seed);
  }
}
