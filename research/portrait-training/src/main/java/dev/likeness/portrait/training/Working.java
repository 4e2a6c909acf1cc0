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
 * Where networks are trained, on a graphics card where there is one, and what they are computed in:
 * bf16 where it is multiplied in hardware, which halves a step, else f32, since bf16 is imitated
 * there and a step takes many times as long. Weights, their gradients and losses are f32 either
 * way.
 */
final class Working {
  static final Compute COMPUTE = Compute.best();
  static final ScalarType TYPE = Tensors.scalarType(COMPUTE.dtype());

  private Working() {}

  /** A tensor of the CPU where networks are trained, of its own type. */
  static Tensor placed(Tensor host) {
    return Tensors.toDevice(COMPUTE, host);
  }

  /** Whole numbers there, int64. */
  static Tensor placed(int[] numbers) {
    return placed(torch.tensor(Arrays.stream(numbers).asLongStream().toArray()));
  }

  /**
   * Standard normal noise there, f32: on the CPU that of {@code source}, on a graphics card its own
   * by a seed that {@code source} draws, since a batch of noise takes a CPU longer to draw than the
   * card to learn from it.
   */
  static Tensor noise(NoiseSource source, long... shape) {
    if (COMPUTE.isCpu()) {
      return source.next(shape).squeeze(0);
    }
    int seed = Float.floatToIntBits(source.next(1).item_float());
    synchronized (Working.class) {
      torch.cuda_manual_seed(seed);
      return torch.randn(shape, Tensors.options(COMPUTE.withDtype(DType.F32)));
    }
  }

  static Muon muon(double weightDecay) {
    return new Muon(0.95, weightDecay, COMPUTE.dtype());
  }
}
