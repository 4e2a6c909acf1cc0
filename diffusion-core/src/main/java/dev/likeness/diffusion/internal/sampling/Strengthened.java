package dev.likeness.diffusion.internal.sampling;

import dev.likeness.diffusion.internal.cudagraph.LaidOut;
import dev.likeness.diffusion.request.DegradedGuidance;
import dev.likeness.schedulers.Step;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * A rule, and beyond it away from what the weakened network answers; see
 * {@link dev.likeness.diffusion.request.DegradedGuidance}.
 *
 * @param rule what is strengthened
 */
public record Strengthened(GuidanceRule rule, DegradedGuidance weakening) implements GuidanceRule {
  @Override
  public Tensor combine(Answers answers, Step step) {
    Tensor guided = rule.combine(answers, step);
    return answers.weakened() == null
        ? guided
        : guided.add(answers.positive().sub(answers.weakened()), new Scalar(weakening.scale(step)));
  }

  @Override
  public boolean remembers() {
    return rule.remembers();
  }

  @Override
  public Object layout(Step step) {
    return weakening.isSteady() ? LaidOut.together("strengthened", rule.layout(step)) : null;
  }
}
