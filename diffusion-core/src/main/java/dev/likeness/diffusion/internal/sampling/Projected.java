package dev.likeness.diffusion.internal.sampling;

import dev.likeness.diffusion.internal.tensor.CachedTensor;
import dev.likeness.schedulers.Step;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Adaptive projected guidance (Sadat et al. 2024, arXiv:2410.02416, algorithm 1): of the difference
 * between the prompts the part along the answer, which saturates colours, counts {@code eta}; a
 * momentum and a limit on its length tame the rest. One instance for one run, made in the run's
 * scope.
 */
public final class Projected implements GuidanceRule {
  private final double scale;
  private final double eta;
  private final double momentum;
  private final double limit;
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
    this.limit = limit;
  }

  @Override
  public Tensor combine(Answers answers, Step step) {
    Tensor difference =
        limited(remembered(answers.positive().sub(answers.negative()))).to(ScalarType.Double);
    Tensor along = answers.positive().to(ScalarType.Double);
    Tensor unit = along.div(Answers.length(along).clamp_min(new Scalar(1e-12)));
    Tensor parallel = unit.mul(difference.mul(unit).flatten(1, -1).sum(1).view(-1, 1, 1, 1));
    Tensor kept = difference.sub(parallel).add(parallel, new Scalar(eta));
    return answers.negative().add(kept.to(answers.negative().scalar_type()), new Scalar(scale));
  }

  private Tensor remembered(Tensor difference) {
    if (momentum == 0) {
      return difference;
    }
    Tensor earlier = average.tensor();
    Tensor next = earlier == null ? difference : difference.add(earlier, new Scalar(momentum));
    average.replace(next.alias());
    return next;
  }

  private Tensor limited(Tensor difference) {
    return limit == 0
        ? difference
        : difference.mul(Answers.length(difference)
            .reciprocal()
            .mul(new Scalar(limit))
            .clamp_max(new Scalar(1)));
  }

  @Override
  public boolean remembers() {
    return momentum != 0;
  }

  @Override
  public Object layout(Step step) {
    return momentum == 0 ? this : null;
  }
}
