package dev.likeness.diffusion.internal.sampling;

import dev.likeness.diffusion.internal.family.Predictor;
import dev.likeness.diffusion.internal.family.PromptedNetwork;
import dev.likeness.diffusion.internal.family.PromptedNetwork.Prompts;
import dev.likeness.diffusion.request.DegradedGuidance;
import dev.likeness.diffusion.request.GuidanceOptions;
import dev.likeness.schedulers.Step;
import java.util.function.Predicate;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * The guidance of a request around any family's network.
 *
 * @param scale the scale of classifier-free guidance; 1 and below for none
 * @param rows the number of rows of the plan
 * @param requiresOnePass true if an adapter needs both prompts in one batch, as image prompts do
 */
public record GuidedPredictor(
    GuidanceOptions options, double scale, int rows, boolean requiresOnePass) {
  public Predictor guide(PromptedNetwork network) {
    boolean guided = scale > 1;
    Predictor plain = network.predictor(Prompts.POSITIVE, false);
    if (!guided && options.degradedGuidance().isEmpty()) {
      return plain;
    }
    PromptPair pair = guided ? promptPair(network, false) : PromptPair.positiveOnly(plain);
    if (options.degradedGuidance().isPresent()) {
      Predictor degraded = guided && requiresOnePass
          ? positiveOf(promptPair(network, true))
          : network.predictor(Prompts.POSITIVE, true);
      pair = pair.withDegraded(degraded, options.degradedGuidance().get(), rows);
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
          "image prompts need prompt and negative prompt in one batch; leave out sequential"
              + " guidance and the guidance interval, and give embeddings with the same number of"
              + " tokens");
    }
  }

  /**
   * The network's predictions for one input with two prompts.
   *
   * @param negative prediction for the negative prompt, [batch, channels, h, w], f32
   * @param positive prediction for the prompt, same shape
   * @param degraded the degraded network's prediction for the prompt, same shape; null if it is not
   *     evaluated
   */
  public record Predictions(Tensor negative, Tensor positive, Tensor degraded) {
    /** Predictions without a degraded network's. */
    public Predictions(Tensor negative, Tensor positive) {
      this(negative, positive, null);
    }

    /** The norm of each image's prediction [batch, channels, h, w], as [batch, 1, 1, 1]. */
    static Tensor norm(Tensor prediction) {
      return torch.sqrt(prediction.mul(prediction).flatten(1, -1).sum(1)).view(-1, 1, 1, 1);
    }
  }

  /**
   * A network with guidance by two prompts.
   *
   * @param pair the network with both prompts
   * @param rule how the two predictions are combined
   */
  public record Guidance(PromptPair pair, GuidanceRule rule) implements Predictor {
    /**
     * Classifier-free guidance in one batch; see {@link PromptPair#batched} and
     * {@link GuidanceRule.ClassifierFree}.
     */
    public Guidance(Predictor both, double scale) {
      this(PromptPair.batched(both), new GuidanceRule.ClassifierFree(scale));
    }

    @Override
    public Tensor predict(Tensor input, Step step) {
      Predictions predictions = pair.predict(input, step);
      Tensor guided = rule.combine(predictions, step);
      return step.update().needsUnguided()
          ? torch.cat(new TensorVector(guided, predictions.negative()), 0)
          : guided;
    }
  }

  /**
   * Guidance in an interval of the rows (Kynkäänniemi et al. 2024, arXiv:2404.07724); outside of it
   * the network is evaluated for the prompt alone.
   *
   * @param guided the predictor from row {@code first} to before row {@code end}
   * @param plain the predictor in the other rows
   */
  public record GuidanceInterval(Predictor guided, Predictor plain, int first, int end)
      implements Predictor {
    /** The interval between two shares of the rows, rounded down as in diffusers' guiders. */
    public static GuidanceInterval of(
        Predictor guided, Predictor plain, double from, double until, int rows) {
      return new GuidanceInterval(guided, plain, (int) (from * rows), (int) (until * rows));
    }

    @Override
    public Tensor predict(Tensor input, Step step) {
      return predictorAt(step).predict(input, step);
    }

    private Predictor predictorAt(Step step) {
      return step.index() >= first && step.index() < end ? guided : plain;
    }
  }

  /** A network evaluated for two prompts, in one batch or one after the other. */
  @FunctionalInterface
  public interface PromptPair {
    /** Both predictions for an input [batch, channels, h, w]; they belong to the calling scope. */
    Predictions predict(Tensor input, Step step);

    /**
     * One call with twice the batch. {@code both} is conditioned on [negative; positive], each for
     * the whole batch.
     */
    static PromptPair batched(Predictor both) {
      return (input, step) -> {
        Tensor prediction = both.predict(torch.cat(new TensorVector(input, input), 0), step);
        long half = input.size(0);
        return new Predictions(prediction.narrow(0, 0, half), prediction.narrow(0, half, half));
      };
    }

    /** Two calls with the batch: less memory, and prompts may differ in length. */
    static PromptPair sequential(Predictor negative, Predictor positive) {
      return (input, step) ->
          new Predictions(negative.predict(input, step), positive.predict(input, step));
    }

    /** One call for the prompt alone, whose prediction stands for both. */
    static PromptPair positiveOnly(Predictor positive) {
      return (input, step) -> {
        Tensor prediction = positive.predict(input, step);
        return new Predictions(prediction, prediction);
      };
    }

    /**
     * Adds the prediction of the degraded network for the prompt, in rows in which degraded
     * guidance is active.
     */
    default PromptPair withDegraded(
        Predictor degraded, DegradedGuidance degradedGuidance, int rows) {
      Predicate<Step> active = step -> degradedGuidance.isActive(step.index(), rows);
      return (input, step) -> {
        Predictions both = predict(input, step);
        return active.test(step)
            ? new Predictions(both.negative(), both.positive(), degraded.predict(input, step))
            : both;
      };
    }
  }
}
