package dev.likeness.diffusion.internal.family;

/**
 * The denoising network of a batch under its prompts. Guidance is applied around it by the
 * pipeline.
 */
@FunctionalInterface
public interface PromptedNetwork {
  /** Which prompts a prediction is for; of both, the negative ones come first in the batch. */
  enum Prompts {
    POSITIVE,
    NEGATIVE,
    BOTH
  }

  /**
   * The network under some of the prompts.
   *
   * @param degraded whether it is degraded as the request's guidance options say
   */
  Predictor predictor(Prompts prompts, boolean degraded);

  /**
   * Whether both prompts have as many tokens at every row of the plan, so that one batch takes
   * them.
   */
  default boolean canBatchPrompts() {
    return true;
  }

  /** The same of encodings in rows, those of negative prompts first where there are any. */
  static PromptedNetwork ofRows(ConditionedBatch batch, long encodings, Rows network) {
    int count = batch.count();
    return (prompts, degraded) -> switch (prompts) {
      case POSITIVE -> network.predictor(degraded, encodings - count, count);
      case NEGATIVE -> network.predictor(degraded, 0, count);
      case BOTH -> network.predictor(degraded, 0, 2L * count);
    };
  }

  /** A network under {@code count} of its encodings. */
  @FunctionalInterface
  interface Rows {
    Predictor predictor(boolean degraded, long first, long count);
  }
}
