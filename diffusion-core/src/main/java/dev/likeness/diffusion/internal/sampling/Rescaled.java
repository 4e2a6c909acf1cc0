package dev.likeness.diffusion.internal.sampling;

import dev.likeness.diffusion.internal.cudagraph.LaidOut;
import dev.likeness.schedulers.Step;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * Guidance brought back towards the spread of the unguided answer, against over-exposure (Lin et
 * al. 2024, arXiv:2305.08891, equations 15 and 16; diffusers' {@code guidance_rescale}).
 *
 * @param rule what is rescaled
 * @param share 0 changes nothing, 1 takes the whole spread of the answer to the prompt
 */
public record Rescaled(GuidanceRule rule, double share) implements GuidanceRule {
  @Override
  public Tensor combine(Answers answers, Step step) {
    Tensor guided = rule.combine(answers, step);
    Tensor ratio = spread(answers.positive()).div(spread(guided));
    return guided.mul(ratio).mul(new Scalar(share)).add(guided, new Scalar(1 - share));
  }

  private static Tensor spread(Tensor answer) {
    return answer.flatten(1, -1).std(new long[] {1}, true, true).view(-1, 1, 1, 1);
  }

  @Override
  public boolean remembers() {
    return rule.remembers();
  }

  @Override
  public Object layout(Step step) {
    return LaidOut.together("rescaled", rule.layout(step));
  }
}
