package dev.likeness.portrait.training;

import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.training.Muon;
import java.util.Arrays;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Where networks are trained, on a graphics card where there is one, and what they are computed in: bf16 where the processor multiplies it, which halves a step, else f32,
 * since bf16 is imitated there and a step takes many times as long. Weights, their gradients and losses are f32 either way.
 */
final class Working {
  static final Compute COMPUTE = Compute.best();
  static final ScalarType TYPE = COMPUTE.dtype().scalarType();

  private Working() {}

  /** A tensor of the CPU where networks are trained, of its own type. */
  static Tensor placed(Tensor host) {
    return COMPUTE.onCpu() ? host : host.pin_memory().to(new Device(COMPUTE.device()), host.scalar_type(), true, false, new MemoryFormatOptional());
  }

  /** Whole numbers there, int64. */
  static Tensor placed(int[] numbers) {
    return placed(torch.tensor(Arrays.stream(numbers).asLongStream().toArray()));
  }

  static Muon muon(double weightDecay) {
    return new Muon(0.95, weightDecay, COMPUTE.dtype());
  }
}
