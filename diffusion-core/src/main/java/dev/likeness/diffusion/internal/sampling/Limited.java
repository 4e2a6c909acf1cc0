package dev.likeness.diffusion.internal.sampling;

import dev.likeness.diffusion.internal.cudagraph.LaidOut;
import dev.likeness.schedulers.Step;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * Guidance whose answer may be only so much longer than the unguided one ({@code cfg_normalization}
 * of Z-Image's pipelines in diffusers).
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
  public Tensor combine(Answers answers, Step step) {
    Tensor guided = rule.combine(answers, step);
    Tensor most = Answers.length(answers.positive()).mul(new Scalar(factor));
    return guided.mul(most.div(Answers.length(guided)).clamp_max(new Scalar(1.0)));
  }

  @Override
  public boolean remembers() {
    return rule.remembers();
  }

  @Override
  public Object layout(Step step) {
    return LaidOut.together("limited", rule.layout(step));
  }
}
