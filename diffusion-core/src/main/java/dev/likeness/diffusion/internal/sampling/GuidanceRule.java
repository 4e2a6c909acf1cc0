package dev.likeness.diffusion.internal.sampling;

import dev.likeness.diffusion.internal.cudagraph.StepRunner;
import dev.likeness.diffusion.internal.tensor.CachedTensor;
import dev.likeness.diffusion.request.DegradedGuidance;
import dev.likeness.diffusion.request.GuidanceFormula;
import dev.likeness.diffusion.request.GuidanceOptions;
import dev.likeness.schedulers.Step;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * How the answers to the two prompts become one. An instance serves one run: it may remember
 * earlier steps.
 */
@FunctionalInterface
public interface GuidanceRule extends StepRunner.Capturable {
  /** The combined answer, of the shape of either; owned by the calling scope. */
  Tensor combine(GuidedPredictor.Predictions answers, Step step);

  /**
   * Whether an answer depends on those before it, so that every call has to be the next step of one
   * sample.
   */
  default boolean isStateful() {
    return false;
  }

  /**
   * A formula of the engine's own, for research and tests: the rule of a scale, made anew for each
   * run.
   */
  @FunctionalInterface
  interface Factory extends GuidanceFormula {
    GuidanceRule create(double scale);
  }

  /**
   * The rule of a run by a request's options, at a scale; 1 and below for the prompt's prediction
   * alone.
   */
  static GuidanceRule of(GuidanceOptions options, double scale) {
    GuidanceRule plain =
        scale > 1 ? of(options.formula(), scale) : (answers, step) -> answers.positive();
    GuidanceRule away = options.degradedGuidance() == null
        ? plain
        : new Degraded(plain, options.degradedGuidance());
    return options.rescale() == 0 || scale <= 1 ? away : new Rescaled(away, options.rescale());
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
   * Classifier-free guidance (Ho and Salimans 2022, arXiv:2207.12598): away from the answer to the
   * negative prompt, towards the answer to the prompt.
   *
   * @param scale how far; 1 is no guidance
   */
  public record ClassifierFree(double scale) implements GuidanceRule {
    @Override
    public Tensor combine(GuidedPredictor.Predictions answers, Step step) {
      return torch.lerp(answers.negative(), answers.positive(), new Scalar(scale));
    }

    @Override
    public Object layout(Step step) {
      return this;
    }
  }

  /**
   * Guidance whose answer may be only so much longer than the unguided one
   * ({@code cfg_normalization} of Z-Image's pipelines in diffusers).
   *
   * @param rule what is limited
   * @param factor how many times as long, above 0
   */
  public record Limited(GuidanceRule rule, double factor) implements GuidanceRule {
    public Limited {
      if (!(factor > 0)) {
        throw new IllegalArgumentException(
            "the limit of guidance must be more than 0, got " + factor);
      }
    }

    @Override
    public Tensor combine(GuidedPredictor.Predictions answers, Step step) {
      Tensor guided = rule.combine(answers, step);
      Tensor most = GuidedPredictor.Predictions.norm(answers.positive()).mul(new Scalar(factor));
      return guided.mul(
          most.div(GuidedPredictor.Predictions.norm(guided)).clamp_max(new Scalar(1.0)));
    }

    @Override
    public boolean isStateful() {
      return rule.isStateful();
    }

    @Override
    public Object layout(Step step) {
      return StepRunner.Capturable.combineLayouts("limited", rule.layout(step));
    }
  }

  /**
   * Adaptive projected guidance (Sadat et al. 2024, arXiv:2410.02416, algorithm 1): of the
   * difference between the prompts the part along the answer, which saturates colours, counts
   * {@code eta}; a momentum and a limit on its length tame the rest. One instance for one run, made
   * in the run's scope.
   */
  public static final class Projected implements GuidanceRule {
    private final double scale;
    private final double eta;
    private final double momentum;
    private final double normThreshold;
    private final CachedTensor average = new CachedTensor();

    /**
     * A rule for one run.
     *
     * @param scale as in {@link ClassifierFree}
     * @param eta how much of the part along the answer stays, 1 for all
     * @param momentum how much of the earlier differences is added, mostly negative; 0 for none
     * @param limit the largest length of the difference, 0 for any
     */
    public Projected(double scale, double eta, double momentum, double limit) {
      this.scale = scale;
      this.eta = eta;
      this.momentum = momentum;
      this.normThreshold = limit;
    }

    @Override
    public Tensor combine(GuidedPredictor.Predictions answers, Step step) {
      Tensor difference =
          limitNorm(withMomentum(answers.positive().sub(answers.negative()))).to(ScalarType.Double);
      Tensor along = answers.positive().to(ScalarType.Double);
      Tensor unit = along.div(GuidedPredictor.Predictions.norm(along).clamp_min(new Scalar(1e-12)));
      Tensor parallel = unit.mul(difference.mul(unit).flatten(1, -1).sum(1).view(-1, 1, 1, 1));
      Tensor kept = difference.sub(parallel).add(parallel, new Scalar(eta));
      return answers.negative().add(kept.to(answers.negative().scalar_type()), new Scalar(scale));
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

    @Override
    public Object layout(Step step) {
      return momentum == 0 ? this : null;
    }
  }

  /**
   * Guidance brought back towards the spread of the unguided answer, against over-exposure (Lin et
   * al. 2024, arXiv:2305.08891, equations 15 and 16; diffusers' {@code guidance_rescale}).
   *
   * @param rule what is rescaled
   * @param rescale 0 changes nothing, 1 takes the whole spread of the answer to the prompt
   */
  public record Rescaled(GuidanceRule rule, double rescale) implements GuidanceRule {
    @Override
    public Tensor combine(GuidedPredictor.Predictions answers, Step step) {
      Tensor guided = rule.combine(answers, step);
      Tensor ratio = deviation(answers.positive()).div(deviation(guided));
      return guided.mul(ratio).mul(new Scalar(rescale)).add(guided, new Scalar(1 - rescale));
    }

    private static Tensor deviation(Tensor answer) {
      return answer.flatten(1, -1).std(new long[] {1}, true, true).view(-1, 1, 1, 1);
    }

    @Override
    public boolean isStateful() {
      return rule.isStateful();
    }

    @Override
    public Object layout(Step step) {
      return StepRunner.Capturable.combineLayouts("rescaled", rule.layout(step));
    }
  }

  /**
   * A rule, and beyond it away from what the weakened network answers; see
   * {@link DegradedGuidance}.
   *
   * @param rule what is strengthened
   */
  public record Degraded(GuidanceRule rule, DegradedGuidance degradedGuidance)
      implements GuidanceRule {
    @Override
    public Tensor combine(GuidedPredictor.Predictions answers, Step step) {
      Tensor guided = rule.combine(answers, step);
      return answers.degraded() == null
          ? guided
          : guided.add(
              answers.positive().sub(answers.degraded()),
              new Scalar(degradedGuidance.scaleAt(step.timestep())));
    }

    @Override
    public boolean isStateful() {
      return rule.isStateful();
    }

    @Override
    public Object layout(Step step) {
      return degradedGuidance.isConstant()
          ? StepRunner.Capturable.combineLayouts("strengthened", rule.layout(step))
          : null;
    }
  }

  /**
   * CFG-Zero* (Fan et al. 2025, arXiv:2503.18886): the answer to the negative prompt is scaled to
   * the other before they are compared, and the first steps answer nothing.
   *
   * @param scale as in {@link ClassifierFree}
   * @param zeroSteps how many steps answer zero
   */
  public record ZeroStar(double scale, int zeroSteps) implements GuidanceRule {
    private static final double TINY = 1e-8;

    @Override
    public Tensor combine(GuidedPredictor.Predictions answers, Step step) {
      Tensor positive = answers.positive();
      if (step.index() < zeroSteps) {
        return torch.zeros_like(positive);
      }
      Tensor negative = answers.negative().flatten(1, -1);
      Tensor dot = positive.flatten(1, -1).mul(negative).sum(1);
      Tensor s = dot.div(negative.mul(negative).sum(1).add(new Scalar(TINY))).view(-1, 1, 1, 1);
      return torch.lerp(answers.negative().mul(s), positive, new Scalar(scale));
    }

    @Override
    public Object layout(Step step) {
      return List.of(this, step.index() < zeroSteps);
    }
  }
}
