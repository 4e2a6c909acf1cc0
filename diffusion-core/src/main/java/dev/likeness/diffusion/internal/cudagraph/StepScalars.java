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
 * The numbers of a plan's row, for work that is to be the same in every row. Work takes them from
 * here, in the same order each time and by functions of the row alone, since a recording of it
 * serves rows that it never saw.
 */
public interface StepScalars {
  /** A scalar input of a network: [1], f32, on the device of {@code there}. */
  Tensor tensor(ToDoubleFunction<Step> number, Tensor there);

  /** {@code x} (f32) times a number, in memory of its own. */
  Tensor multiply(Tensor x, ToDoubleFunction<Step> number);

  /** {@code sum} with a number times {@code term} added in place, rounded once. */
  Tensor addScaled(Tensor sum, Tensor term, ToDoubleFunction<Step> number);

  /** The numbers of one row, known to the operations themselves. */
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
