package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.internal.cudagraph.StepRunner;
import dev.likeness.diffusion.internal.cudagraph.StepScalars;
import dev.likeness.schedulers.Step;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;

/** The network as the sampling loop calls it. Guidance, caching and tiling wrap one another. */
@FunctionalInterface
public interface Predictor extends StepRunner.Capturable {
  /**
   * The network's output for a sample after input scaling.
   *
   * @param input [batch, channels, h, w], f32
   * @return [batch, channels, h, w], f32, owned by the calling scope; of a guided network, twice
   *     the batch for a row that needs unguided predictions
   *     ({@code step.update().needsUnguided()}): all guided, then all unguided
   */
  Tensor predict(Tensor input, Step step);

  /**
   * A network whose work a runner may capture.
   *
   * @param layoutOf the layout of a row's work, see
   *     {@link dev.likeness.diffusion.internal.cudagraph.StepRunner.Capturable#layout}
   */
  public record CapturableNetwork(
      StepRunner runner, Function<Step, Object> layoutOf, StepNetwork network)
      implements Predictor {
    /**
     * A network's work in a row. From {@code step} it may use only values that the layout includes,
     * and it takes numbers from {@code row}.
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
