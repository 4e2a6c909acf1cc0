package dev.likeness.diffusion.internal.training;

import dev.likeness.diffusion.internal.tensor.NoiseSource;
import java.util.Arrays;
import java.util.function.Predicate;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** Initial values of weights that are trained from scratch. */
@FunctionalInterface
public interface WeightInitializer {
  /** Returns the initial value of a tensor; owned by the calling scope. */
  Tensor initial(String name, long... shape);

  /** Returns the same initializer for a device, e.g. {@code cuda}. */
  default WeightInitializer onDevice(String device) {
    return (name, shape) -> {
      Tensor value = initial(name, shape);
      return value.to(new Device(device), value.scalar_type());
    };
  }

  /**
   * Returns the usual initial values: norms are one, biases zero, embeddings normal with a standard
   * deviation of 0.02, other weights normal with variance 1 / fan-in. Layers whose names match
   * {@code silent} are zero, so that a residual network starts as the identity (Goyal et al. 2017,
   * arXiv:1706.02677, section 5.1).
   */
  static WeightInitializer seeded(NoiseSource noise, Predicate<String> silent) {
    return (name, shape) -> {
      boolean bias = name.endsWith("bias");
      if (bias || silent.test(name)) {
        return torch.zeros(shape);
      }
      if (shape.length == 1) {
        return torch.ones(shape);
      }
      double fanIn = Arrays.stream(shape).skip(1).reduce(1, (a, b) -> a * b);
      double spread = name.contains("embedding.weight") ? 0.02 : 1 / Math.sqrt(fanIn);
      return noise.next(shape).squeeze(0).mul(new Scalar(spread));
    };
  }
}
