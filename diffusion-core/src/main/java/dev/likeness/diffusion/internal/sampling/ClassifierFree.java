package dev.likeness.diffusion.internal.sampling;

import dev.likeness.schedulers.Step;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Classifier-free guidance (Ho and Salimans 2022, arXiv:2207.12598): away from the answer to the
 * negative prompt, towards the answer to the prompt.
 *
 * @param scale how far; 1 is no guidance
 */
public record ClassifierFree(double scale) implements GuidanceRule {
  @Override
  public Tensor combine(Answers answers, Step step) {
    return torch.lerp(answers.negative(), answers.positive(), new Scalar(scale));
  }

  @Override
  public Object layout(Step step) {
    return this;
  }
}
