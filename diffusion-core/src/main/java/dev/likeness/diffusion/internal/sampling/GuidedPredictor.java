package dev.likeness.diffusion.internal.sampling;

import dev.likeness.diffusion.internal.cudagraph.StepRunner;
import dev.likeness.diffusion.internal.family.Predictor;
import dev.likeness.diffusion.internal.family.PromptedNetwork;
import dev.likeness.diffusion.internal.family.PromptedNetwork.Prompts;
import dev.likeness.diffusion.request.DegradedGuidance;
import dev.likeness.diffusion.request.GuidanceOptions;
import dev.likeness.schedulers.Step;
import java.util.function.Function;
import java.util.function.Predicate;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * How a request has a network guided, whatever the family.
 *
 * @param scale of guidance by two prompts; 1 and below for none
 * @param rows of the plan
 * @param requiresOnePass whether an adapter counts on both prompts being in one batch, as image
 *     prompts do
 */
public record GuidedPredictor(
    GuidanceOptions options, double scale, int rows, boolean requiresOnePass) {
  public Predictor guide(PromptedNetwork network) {
    boolean guided = scale > 1;
    Predictor plain = network.predictor(Prompts.POSITIVE, false);
    if (!guided && options.degradedGuidance() == null) {
      return plain;
    }
    PromptPair pair = guided ? promptPair(network, false) : PromptPair.positiveOnly(plain);
    if (options.degradedGuidance() != null) {
      Predictor degraded = guided && requiresOnePass
          ? positiveOf(promptPair(network, true))
          : network.predictor(Prompts.POSITIVE, true);
      pair = pair.withDegraded(degraded, options.degradedGuidance(), rows);
    }
    Predictor all = new Guidance(pair, GuidanceRule.of(options, scale));
    requireOnePass(!guided || options.isAlwaysOn() && !options.sequential());
    return options.isAlwaysOn()
        ? all
        : GuidanceInterval.of(all, plain, options.start(), options.end(), rows);
  }

  private PromptPair promptPair(PromptedNetwork network, boolean degraded) {
    if (options.sequential() || !network.canBatchPrompts()) {
      requireOnePass(false);
      return PromptPair.sequential(
          network.predictor(Prompts.NEGATIVE, degraded),
          network.predictor(Prompts.POSITIVE, degraded));
    }
    return PromptPair.batched(network.predictor(Prompts.BOTH, degraded));
  }

  private static Predictor positiveOf(PromptPair both) {
    return (input, step) -> both.predict(input, step).positive();
  }

  private void requireOnePass(boolean one) {
    if (requiresOnePass && !one) {
      throw new IllegalArgumentException(
          "image prompts need both prompts in one pass: no sequential guidance, no interval,"
              + " and embeddings, where they are given, of as many tokens");
    }
  }

  /**
   * What the network answers to one input under two prompts.
   *
   * @param negative under the negative prompt, [batch, channels, h, w], f32
   * @param positive under the prompt, same shape
   * @param degraded what the network made worse on purpose answers under the prompt, same shape;
   *     null where it is not asked
   */
  public record Predictions(Tensor negative, Tensor positive, Tensor degraded) {
    /** Without a weakened network's. */
    public Predictions(Tensor negative, Tensor positive) {
      this(negative, positive, null);
    }

    /** The length of each image's answer [batch, channels, h, w], as [batch, 1, 1, 1]. */
    static Tensor norm(Tensor answer) {
      return torch.sqrt(answer.mul(answer).flatten(1, -1).sum(1)).view(-1, 1, 1, 1);
    }
  }

  /**
   * A network guided by two prompts.
   *
   * @param pair the network under both
   * @param rule how its two answers become one
   */
  public record Guidance(PromptPair pair, GuidanceRule rule) implements Predictor {
    /**
     * Classifier-free guidance in one pass; see {@link PromptPair#batched} and
     * {@link GuidanceRule.ClassifierFree}.
     */
    public Guidance(Predictor both, double scale) {
      this(PromptPair.batched(both), new GuidanceRule.ClassifierFree(scale));
    }

    @Override
    public Tensor predict(Tensor input, Step step) {
      Predictions answers = pair.predict(input, step);
      Tensor guided = rule.combine(answers, step);
      return step.update().needsUnguided()
          ? torch.cat(new TensorVector(guided, answers.negative()), 0)
          : guided;
    }

    @Override
    public Object layout(Step step) {
      return StepRunner.Capturable.combineLayouts(pair.layout(step), rule.layout(step));
    }
  }

  /**
   * Guidance in a part of the run only (Kynkäänniemi et al. 2024, arXiv:2404.07724); outside of it
   * the network is asked once.
   *
   * @param guided asked from row {@code first} on and before row {@code end}
   * @param plain asked in the other rows
   */
  public record GuidanceInterval(Predictor guided, Predictor plain, int first, int end)
      implements Predictor {
    /** Between two shares of a run's rows, rounded down as diffusers' guiders do. */
    public static GuidanceInterval of(
        Predictor guided, Predictor plain, double from, double until, int rows) {
      return new GuidanceInterval(guided, plain, (int) (from * rows), (int) (until * rows));
    }

    @Override
    public Tensor predict(Tensor input, Step step) {
      return predictorAt(step).predict(input, step);
    }

    @Override
    public Object layout(Step step) {
      return predictorAt(step).layout(step);
    }

    private Predictor predictorAt(Step step) {
      return step.index() >= first && step.index() < end ? guided : plain;
    }
  }

  /** A network asked under two prompts, at once or one after the other. */
  @FunctionalInterface
  public interface PromptPair extends StepRunner.Capturable {
    /** Both answers for an input [batch, channels, h, w]; they belong to the calling scope. */
    Predictions predict(Tensor input, Step step);

    /**
     * One pass over twice the batch: {@code both} is conditioned on [negative; positive], each for
     * the whole batch.
     */
    static PromptPair batched(Predictor both) {
      return withLayout(both::layout, (input, step) -> {
        Tensor answer = both.predict(torch.cat(new TensorVector(input, input), 0), step);
        long half = input.size(0);
        return new Predictions(answer.narrow(0, 0, half), answer.narrow(0, half, half));
      });
    }

    /** Two passes over the batch: half the memory, and prompts may differ in length. */
    static PromptPair sequential(Predictor negative, Predictor positive) {
      return withLayout(
          step ->
              StepRunner.Capturable.combineLayouts(negative.layout(step), positive.layout(step)),
          (input, step) ->
              new Predictions(negative.predict(input, step), positive.predict(input, step)));
    }

    /** One pass under the prompt alone, whose answer stands for both. */
    static PromptPair positiveOnly(Predictor positive) {
      return withLayout(positive::layout, (input, step) -> {
        Tensor answer = positive.predict(input, step);
        return new Predictions(answer, answer);
      });
    }

    /**
     * These answers, and beside them what {@code weak}, the weakened network under the prompt, says
     * where it counts.
     */
    default PromptPair withDegraded(Predictor weak, DegradedGuidance degradedGuidance, int rows) {
      Predicate<Step> counts = step -> degradedGuidance.isActive(step.index(), rows);
      return withLayout(
          step -> counts.test(step)
              ? StepRunner.Capturable.combineLayouts(layout(step), weak.layout(step))
              : layout(step),
          (input, step) -> {
            Predictions both = predict(input, step);
            return counts.test(step)
                ? new Predictions(both.negative(), both.positive(), weak.predict(input, step))
                : both;
          });
    }

    private static PromptPair withLayout(Function<Step, Object> layout, PromptPair pair) {
      return new PromptPair() {
        @Override
        public Predictions predict(Tensor input, Step step) {
          return pair.predict(input, step);
        }

        @Override
        public Object layout(Step step) {
          return layout.apply(step);
        }
      };
    }
  }
}
