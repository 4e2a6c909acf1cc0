package dev.likeness.diffusion.sampling;

import dev.likeness.schedulers.Step;
import org.bytedeco.pytorch.Tensor;

/**
 * A network guided by two prompts.
 *
 * @param pair the network under both
 * @param rule how its two answers become one
 */
public record Guidance(PromptPair pair, GuidanceRule rule) implements NoisePredictor {
  /** Classifier-free guidance in one pass; see {@link PromptPair#batched} and {@link ClassifierFree}. */
  public Guidance(NoisePredictor both, double scale) {
    this(PromptPair.batched(both), new ClassifierFree(scale));
  }

  @Override
  public Tensor predict(Tensor input, Step step) {
    return rule.combine(pair.ask(input, step), step);
  }
}
