package dev.likeness.diffusion.sampling;

import dev.likeness.schedulers.Step;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** A network asked under two prompts, at once or one after the other. */
@FunctionalInterface
public interface PromptPair {
  /** Both answers for an input [batch, channels, h, w]; they belong to the calling scope. */
  Answers ask(Tensor input, Step step);

  /** One pass over twice the batch: {@code both} is conditioned on [negative; positive], each for the whole batch. */
  static PromptPair batched(NoisePredictor both) {
    return (input, step) -> {
      Tensor answer = both.predict(torch.cat(new TensorVector(input, input), 0), step);
      long half = input.size(0);
      return new Answers(answer.narrow(0, 0, half), answer.narrow(0, half, half));
    };
  }

  /** Two passes over the batch: half the memory, and prompts may differ in length. */
  static PromptPair sequential(NoisePredictor negative, NoisePredictor positive) {
    return (input, step) -> new Answers(negative.predict(input, step), positive.predict(input, step));
  }
}
