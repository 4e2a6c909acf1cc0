package dev.likeness.diffusion.internal.family;

/** The denoising network of a batch with its prompts. The pipeline applies guidance around it. */
@FunctionalInterface
public interface PromptedNetwork {
  /** The prompts of a prediction. For both, the negative prompts come first in the batch. */
  enum Prompts {
    POSITIVE,
    NEGATIVE,
    BOTH
  }

  /**
   * The network with some of the prompts.
   *
   * @param degraded true if it is degraded by the request's degraded guidance
   */
  Predictor predictor(Prompts prompts, boolean degraded);

  /**
   * Returns true if both prompts have the same number of tokens at every row of the plan, so that
   * they fit into one batch.
   */
  default boolean canBatchPrompts() {
    return true;
  }

  /** A network with encodings in rows; those of negative prompts come first. */
  static PromptedNetwork ofRows(ConditionedBatch batch, long encodings, Rows network) {
    int count = batch.count();
    return (prompts, degraded) -> switch (prompts) {
      case POSITIVE -> network.predictor(degraded, encodings - count, count);
      case NEGATIVE -> network.predictor(degraded, 0, count);
      case BOTH -> network.predictor(degraded, 0, 2L * count);
    };
  }

  /** A network with {@code count} of its encodings. */
  @FunctionalInterface
  interface Rows {
    Predictor predictor(boolean degraded, long first, long count);
  }
}
