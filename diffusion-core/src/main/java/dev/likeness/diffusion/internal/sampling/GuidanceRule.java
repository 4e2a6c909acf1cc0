package dev.likeness.diffusion.internal.sampling;

import dev.likeness.diffusion.internal.tensor.CachedTensor;
import dev.likeness.diffusion.request.DegradedGuidance;
import dev.likeness.diffusion.request.GuidanceFormula;
import dev.likeness.diffusion.request.GuidanceOptions;
import dev.likeness.schedulers.Step;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Combines the predictions for prompt and negative prompt. An instance serves one generation and
 * may keep state between steps.
 */
@FunctionalInterface
public interface GuidanceRule {
  /** Returns the combined prediction, of the shape of either; owned by the calling scope. */
  Tensor combine(GuidedPredictor.Predictions predictions, Step step);

  /**
   * Returns true if a prediction depends on earlier ones. Every call must then be the next step of
   * one sample.
   */
  default boolean isStateful() {
    return false;
  }

  /**
   * Creates the rule of a scale for each generation, from a formula on tensors; for research and
   * tests.
   */
  @FunctionalInterface
  interface Factory extends GuidanceFormula {
    GuidanceRule create(double scale);
  }

  /**
   * Returns the rule of a request's options at a scale. At 1 and below, it is the prediction for
   * the prompt alone.
   */
  static GuidanceRule of(GuidanceOptions options, double scale) {
    GuidanceRule plain =
        scale > 1 ? of(options.formula(), scale) : (predictions, step) -> predictions.positive();
    GuidanceRule rule = options.degradedGuidance().isEmpty()
        ? plain
        : new Degraded(plain, options.degradedGuidance().get());
    return options.rescale() == 0 || scale <= 1 ? rule : new Rescaled(rule, options.rescale());
  }

  private static GuidanceRule of(GuidanceFormula formula, double scale) {
    if (formula instanceof GuidanceFormula.CfgZeroStar zero) {
      return new ZeroStar(scale, zero.zeroSteps());
    }
    if (formula instanceof GuidanceFormula.AdaptiveProjected projected) {
      return new Projected(scale, projected.eta(), projected.momentum(), projected.normThreshold());
    }
    if (formula instanceof GuidanceFormula.CfgNormalization limited) {
      return new Limited(of(limited.formula(), scale), limited.factor());
    }
    return formula instanceof Factory own ? own.create(scale) : new ClassifierFree(scale);
  }

  /**
   * Classifier-free guidance (Ho and Salimans 2022, arXiv:2207.12598): extrapolates from the
   * prediction for the negative prompt through that for the prompt.
   *
   * @param scale the guidance scale; 1 is no guidance
   */
  public record ClassifierFree(double scale) implements GuidanceRule {
    @Override
    public Tensor combine(GuidedPredictor.Predictions predictions, Step step) {
      return torch.lerp(predictions.negative(), predictions.positive(), new Scalar(scale));
    }
  }

  /**
   * Guidance limited in norm relative to the prediction for the prompt ({@code cfg_normalization}
   * of diffusers' Z-Image pipelines).
   *
   * @param rule the rule that is limited
   * @param factor the limit as a multiple of the norm, above 0
   */
  public record Limited(GuidanceRule rule, double factor) implements GuidanceRule {
    public Limited {
      if (!(factor > 0)) {
        throw new IllegalArgumentException(
            "the factor of CFG normalization must be above 0, got " + factor);
      }
    }

    @Override
    public Tensor combine(GuidedPredictor.Predictions predictions, Step step) {
      Tensor guided = rule.combine(predictions, step);
      Tensor most =
          GuidedPredictor.Predictions.norm(predictions.positive()).mul(new Scalar(factor));
      return guided.mul(
          most.div(GuidedPredictor.Predictions.norm(guided)).clamp_max(new Scalar(1.0)));
    }

    @Override
    public boolean isStateful() {
      return rule.isStateful();
    }
  }

  /**
   * Adaptive projected guidance (Sadat et al. 2024, arXiv:2410.02416, algorithm 1).
   *
   * <p>The difference of the two predictions is split along the prediction for the prompt; the
   * parallel component, which saturates colours, is scaled by {@code eta}. Momentum and a limit on
   * the norm apply before. One instance for one generation, in its scope.
   */
  public static final class Projected implements GuidanceRule {
    private final double scale;
    private final double eta;
    private final double momentum;
    private final double normThreshold;
    private final CachedTensor average = new CachedTensor();

    /**
     * Creates the rule of one generation.
     *
     * @param scale as in {@link ClassifierFree}
     * @param eta the share of the parallel component that stays; 1 keeps all of it
     * @param momentum the weight of earlier differences, usually negative; 0 for none
     * @param normThreshold the largest norm of the difference; 0 for no limit
     */
    public Projected(double scale, double eta, double momentum, double normThreshold) {
      this.scale = scale;
      this.eta = eta;
      this.momentum = momentum;
      this.normThreshold = normThreshold;
    }

    @Override
    public Tensor combine(GuidedPredictor.Predictions predictions, Step step) {
      Tensor difference = limitNorm(
              withMomentum(predictions.positive().sub(predictions.negative())))
          .to(ScalarType.Double);
      Tensor along = predictions.positive().to(ScalarType.Double);
      Tensor unit = along.div(GuidedPredictor.Predictions.norm(along).clamp_min(new Scalar(1e-12)));
      Tensor parallel = unit.mul(difference.mul(unit).flatten(1, -1).sum(1).view(-1, 1, 1, 1));
      Tensor kept = difference.sub(parallel).add(parallel, new Scalar(eta));
      return predictions
          .negative()
          .add(kept.to(predictions.negative().scalar_type()), new Scalar(scale));
    }

    private Tensor withMomentum(Tensor difference) {
      if (momentum == 0) {
        return difference;
      }
      Tensor earlier = average.tensor();
      Tensor next = earlier == null ? difference : difference.add(earlier, new Scalar(momentum));
      average.replace(next.alias());
      return next;
    }

    private Tensor limitNorm(Tensor difference) {
      return normThreshold == 0
          ? difference
          : difference.mul(GuidedPredictor.Predictions.norm(difference)
              .reciprocal()
              .mul(new Scalar(normThreshold))
              .clamp_max(new Scalar(1)));
    }

    @Override
    public boolean isStateful() {
      return momentum != 0;
    }
  }

  /**
   * Guidance rescaled towards the standard deviation of the prediction for the prompt, against
   * over-exposure.
   *
   * <p>Lin et al. 2024, arXiv:2305.08891, equations 15 and 16; diffusers' {@code guidance_rescale}.
   *
   * @param rule the rule that is rescaled
   * @param rescale 0 changes nothing; 1 takes the whole standard deviation of the prediction for
   *     the prompt
   */
  public record Rescaled(GuidanceRule rule, double rescale) implements GuidanceRule {
    @Override
    public Tensor combine(GuidedPredictor.Predictions predictions, Step step) {
      Tensor guided = rule.combine(predictions, step);
      Tensor ratio = deviation(predictions.positive()).div(deviation(guided));
      return guided.mul(ratio).mul(new Scalar(rescale)).add(guided, new Scalar(1 - rescale));
    }

    private static Tensor deviation(Tensor prediction) {
      return prediction.flatten(1, -1).std(new long[] {1}, true, true).view(-1, 1, 1, 1);
    }

    @Override
    public boolean isStateful() {
      return rule.isStateful();
    }
  }

  /**
   * A rule with degraded guidance in addition; see {@link DegradedGuidance}.
   *
   * @param rule the rule without degraded guidance
   */
  public record Degraded(GuidanceRule rule, DegradedGuidance degradedGuidance)
      implements GuidanceRule {
    @Override
    public Tensor combine(GuidedPredictor.Predictions predictions, Step step) {
      Tensor guided = rule.combine(predictions, step);
      return predictions.degraded() == null
          ? guided
          : guided.add(
              predictions.positive().sub(predictions.degraded()),
              new Scalar(degradedGuidance.scaleAt(step.timestep())));
    }

    @Override
    public boolean isStateful() {
      return rule.isStateful();
    }
  }

  /**
   * CFG-Zero* (Fan et al. 2025, arXiv:2503.18886): the prediction for the negative prompt is
   * projected on the other first, and the first steps predict zero.
   *
   * @param scale as in {@link ClassifierFree}
   * @param zeroSteps the number of first steps that predict zero
   */
  public record ZeroStar(double scale, int zeroSteps) implements GuidanceRule {
    // Keeps the projection finite, as in the authors' code.
    private static final double TINY = 1e-8;

    @Override
    public Tensor combine(GuidedPredictor.Predictions predictions, Step step) {
      Tensor positive = predictions.positive();
      if (step.index() < zeroSteps) {
        return torch.zeros_like(positive);
      }
      Tensor negative = predictions.negative().flatten(1, -1);
      Tensor dot = positive.flatten(1, -1).mul(negative).sum(1);
      Tensor s = dot.div(negative.mul(negative).sum(1).add(new Scalar(TINY))).view(-1, 1, 1, 1);
      return torch.lerp(predictions.negative().mul(s), positive, new Scalar(scale));
    }
  }
}
