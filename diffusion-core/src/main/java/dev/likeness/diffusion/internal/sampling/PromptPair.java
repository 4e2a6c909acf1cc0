package dev.likeness.diffusion.internal.sampling;

import dev.likeness.diffusion.internal.cudagraph.LaidOut;
import dev.likeness.diffusion.internal.family.Predictor;
import dev.likeness.diffusion.request.DegradedGuidance;
import dev.likeness.schedulers.Step;
import java.util.function.Function;
import java.util.function.Predicate;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** A network asked under two prompts, at once or one after the other. */
@FunctionalInterface
public interface PromptPair extends LaidOut {
  /** Both answers for an input [batch, channels, h, w]; they belong to the calling scope. */
  Answers ask(Tensor input, Step step);

  /**
   * One pass over twice the batch: {@code both} is conditioned on [negative; positive], each for
   * the whole batch.
   */
  static PromptPair batched(Predictor both) {
    return laidOut(both::layout, (input, step) -> {
      Tensor answer = both.predict(torch.cat(new TensorVector(input, input), 0), step);
      long half = input.size(0);
      return new Answers(answer.narrow(0, 0, half), answer.narrow(0, half, half));
    });
  }

  /** Two passes over the batch: half the memory, and prompts may differ in length. */
  static PromptPair sequential(Predictor negative, Predictor positive) {
    return laidOut(
        step -> LaidOut.together(negative.layout(step), positive.layout(step)),
        (input, step) -> new Answers(negative.predict(input, step), positive.predict(input, step)));
  }

  /** One pass under the prompt alone, whose answer stands for both. */
  static PromptPair alone(Predictor positive) {
    return laidOut(positive::layout, (input, step) -> {
      Tensor answer = positive.predict(input, step);
      return new Answers(answer, answer);
    });
  }

  /**
   * These answers, and beside them what {@code weak}, the weakened network under the prompt, says
   * where it counts.
   */
  default PromptPair beside(Predictor weak, DegradedGuidance weakening, int rows) {
    Predicate<Step> counts = step -> weakening.at(step.index(), rows);
    return laidOut(
        step ->
            counts.test(step) ? LaidOut.together(layout(step), weak.layout(step)) : layout(step),
        (input, step) -> {
          Answers both = ask(input, step);
          return counts.test(step)
              ? new Answers(both.negative(), both.positive(), weak.predict(input, step))
              : both;
        });
  }

  private static PromptPair laidOut(Function<Step, Object> layout, PromptPair pair) {
    return new PromptPair() {
      @Override
      public Answers ask(Tensor input, Step step) {
        return pair.ask(input, step);
      }

      @Override
      public Object layout(Step step) {
        return layout.apply(step);
      }
    };
  }
}
