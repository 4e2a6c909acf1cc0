package dev.likeness.portrait.training;

import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.internal.training.Muon;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DType;
import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The device on which networks are trained, a GPU if there is one, and the type of activations:
 * bf16 if the hardware multiplies it, which halves the time of a step, else f32. Without hardware
 * support, a step in bf16 takes many times as long. Weights, gradients and losses are always f32.
 */
final class TrainingDevice {
  static final Compute COMPUTE = Compute.best();
  static final ScalarType TYPE = Tensors.scalarType(COMPUTE.dtype());

  private TrainingDevice() {}

  /** Moves a tensor from the CPU to the device; its type stays. */
  static Tensor placed(Tensor host) {
    return Tensors.toDevice(COMPUTE, host);
  }

  /** Moves whole numbers to the device, as int64. */
  static Tensor placed(int[] numbers) {
    return placed(torch.tensor(Arrays.stream(numbers).asLongStream().toArray()));
  }

  /**
   * Standard normal noise on the device, f32. On the CPU, {@code source} generates it. On a GPU,
   * the GPU generates it from a seed of {@code source}, because a CPU takes longer to generate a
   * batch of noise than a GPU to train on it.
   */
  static Tensor noise(NoiseSource source, long... shape) {
    if (COMPUTE.isCpu()) {
      return source.next(shape).squeeze(0);
    }
    int seed = Float.floatToIntBits(source.next(1).item_float());
    synchronized (TrainingDevice.class) {
      torch.cuda_manual_seed(seed);
      return torch.randn(shape, Tensors.options(COMPUTE.withDtype(DType.F32)));
    }
  }

  static Muon muon(double weightDecay) {
    return new Muon(0.95, weightDecay, COMPUTE.dtype());
  }
}
