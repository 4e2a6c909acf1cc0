package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.internal.cudagraph.StepRunner;
import dev.likeness.diffusion.internal.cudagraph.StepScalars;
import dev.likeness.schedulers.Step;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;

/** The network as the sampler sees it; guidance, caching and tiling wrap one another here. */
@FunctionalInterface
public interface Predictor extends StepRunner.Capturable {
  /**
   * The network's answer for {@code input}, the sample after the row's input scaling.
   *
   * @param input [batch, channels, h, w], f32
   * @return [batch, channels, h, w], f32, owned by the calling scope; of a guided network, for a
   *     row that asks for the answer without guidance too ({@code step.update().asksUnguided()}),
   *     twice the batch: all guided answers, then all of those
   */
  Tensor predict(Tensor input, Step step);

  /**
   * A network whose work a runner may record.
   *
   * @param layoutOf the layout of a row's work, see
   *     {@link dev.likeness.diffusion.internal.cudagraph.StepRunner.Capturable#layout}
   */
  public record CapturableNetwork(
      StepRunner runner, Function<Step, Object> layoutOf, StepNetwork network)
      implements Predictor {
    /**
     * A network as it is asked in a row; of {@code step} it may read what the layout holds, and
     * numbers from {@code row}.
     */
    @FunctionalInterface
    public interface StepNetwork {
      Tensor predict(Tensor input, Step step, StepScalars row);
    }

    @Override
    public Tensor predict(Tensor input, Step step) {
      return runner
          .run(
              layout(step),
              step,
              (row, in) -> new Tensor[] {network.predict(in[0], step, row)},
              input)[0];
    }

    @Override
    public Object layout(Step step) {
      return layoutOf.apply(step);
    }
  }
}
