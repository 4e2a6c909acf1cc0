package dev.likeness.diffusion.internal.sampling;

import dev.likeness.diffusion.internal.family.Predictor;
import dev.likeness.diffusion.internal.pipeline.Batch;
import dev.likeness.diffusion.request.GuidanceOptions;

/**
 * How a request has a network guided, whatever the family.
 *
 * @param scale of guidance by two prompts; 1 and below for none
 * @param rows of the plan
 * @param together whether an adapter counts on both prompts being in one batch, as image prompts do
 */
public record GuidedPredictor(GuidanceOptions options, double scale, int rows, boolean together) {
  /**
   * A family's network, under the prompt or under both; whole, or weakened as the request's options
   * say.
   */
  public interface Asked {
    Predictor alone(boolean weakened);

    PromptPair both(boolean weakened);
  }

  /** A network under {@code count} of the texts that it is told, whole or weakened. */
  public interface Rows {
    Predictor asked(boolean weakened, long first, long count);
  }

  /**
   * A network that is told {@code texts} in all, those of negative prompts first where there are
   * any.
   */
  public static Asked byRows(Batch sitting, long texts, Rows rows) {
    int count = sitting.count();
    boolean inTurns = sitting.request().guidanceOptions().sequential();
    return new Asked() {
      @Override
      public Predictor alone(boolean weakened) {
        return rows.asked(weakened, texts - count, count);
      }

      @Override
      public PromptPair both(boolean weakened) {
        return inTurns
            ? PromptPair.sequential(
                rows.asked(weakened, 0, count), rows.asked(weakened, count, count))
            : PromptPair.batched(rows.asked(weakened, 0, 2L * count));
      }
    };
  }

  public Predictor of(Asked asked) {
    boolean guided = scale > 1;
    Predictor plain = asked.alone(false);
    if (!guided && options.weakening() == null) {
      return plain;
    }
    PromptPair pair = guided ? asked.both(false) : PromptPair.alone(plain);
    if (options.weakening() != null) {
      pair = pair.beside(
          guided && together ? positive(asked.both(true)) : asked.alone(true),
          options.weakening(),
          rows);
    }
    Predictor all = new Guidance(pair, options.ruleOf(scale));
    requireOnePass(together, !guided || options.throughout() && !options.sequential());
    return options.throughout()
        ? all
        : GuidanceInterval.of(all, plain, options.from(), options.until(), rows);
  }

  private static Predictor positive(PromptPair both) {
    return (input, step) -> both.ask(input, step).positive();
  }

  public static void requireOnePass(boolean together, boolean one) {
    if (together && !one) {
      throw new IllegalArgumentException(
          "image prompts need both prompts in one pass: no sequential guidance, no interval,"
              + " and embeddings, where they are given, of as many tokens");
    }
  }
}
