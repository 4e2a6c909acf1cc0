package dev.likeness.diffusion.internal.cudagraph;

import dev.likeness.schedulers.Step;
import java.util.function.ToDoubleFunction;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The numbers of a plan's row, for work that is the same in every row. Work must ask for them in
 * the same order each time and compute them from the row alone. A captured graph then serves later
 * rows too.
 */
public interface StepScalars {
  /** Returns a scalar input of a network: [1], f32, on the device of {@code there}. */
  Tensor tensor(ToDoubleFunction<Step> number, Tensor there);

  /** Returns {@code x} (f32) times a number, in memory of its own. */
  Tensor multiply(Tensor x, ToDoubleFunction<Step> number);

  /**
   * Adds a number times {@code term} to {@code sum} in place, rounded once, and returns
   * {@code sum}.
   */
  Tensor addScaled(Tensor sum, Tensor term, ToDoubleFunction<Step> number);

  /** Returns the numbers of one row for eager work. */
  static StepScalars of(Step step) {
    return new StepScalars() {
      @Override
      public Tensor tensor(ToDoubleFunction<Step> number, Tensor there) {
        return torch.full(
            new long[] {1},
            new Scalar((float) number.applyAsDouble(step)),
            new TensorOptions(ScalarType.Float).device(new DeviceOptional(there.device())));
      }

      @Override
      public Tensor multiply(Tensor x, ToDoubleFunction<Step> number) {
        return x.mul(new Scalar(number.applyAsDouble(step)));
      }

      @Override
      public Tensor addScaled(Tensor sum, Tensor term, ToDoubleFunction<Step> number) {
        return sum.add_(term, new Scalar(number.applyAsDouble(step)));
      }
    };
  }
}
