package dev.likeness.diffusion.internal.sampling;

import dev.likeness.diffusion.internal.cudagraph.LaidOut;
import dev.likeness.diffusion.internal.family.Predictor;
import dev.likeness.schedulers.Step;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * A network guided by two prompts.
 *
 * @param pair the network under both
 * @param rule how its two answers become one
 */
public record Guidance(PromptPair pair, GuidanceRule rule) implements Predictor {
  /**
   * Classifier-free guidance in one pass; see {@link PromptPair#batched} and
   * {@link ClassifierFree}.
   */
  public Guidance(Predictor both, double scale) {
    this(PromptPair.batched(both), new ClassifierFree(scale));
  }

  @Override
  public Tensor predict(Tensor input, Step step) {
    Answers answers = pair.ask(input, step);
    Tensor guided = rule.combine(answers, step);
    return step.update().asksUnguided()
        ? torch.cat(new TensorVector(guided, answers.negative()), 0)
        : guided;
  }

  @Override
  public Object layout(Step step) {
    return LaidOut.together(pair.layout(step), rule.layout(step));
  }
}
