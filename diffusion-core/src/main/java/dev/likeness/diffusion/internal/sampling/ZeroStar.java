package dev.likeness.diffusion.internal.sampling;

import dev.likeness.schedulers.Step;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * CFG-Zero* (Fan et al. 2025, arXiv:2503.18886): the answer to the negative prompt is scaled to the
 * other before they are compared, and the first steps answer nothing.
 *
 * @param scale as in {@link ClassifierFree}
 * @param zeroSteps how many steps answer zero
 */
public record ZeroStar(double scale, int zeroSteps) implements GuidanceRule {
  private static final double TINY = 1e-8;

  @Override
  public Tensor combine(Answers answers, Step step) {
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
