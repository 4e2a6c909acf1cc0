package dev.likeness.portrait.training;

import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.training.Muon;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * What networks are computed in while they are trained: bf16 where the processor multiplies it, which halves a step, else f32,
 * since bf16 is imitated there and a step takes many times as long. Weights, their gradients and losses are f32 either way.
 */
final class Working {
  static final Compute COMPUTE = Compute.of("cpu", null);
  static final ScalarType TYPE = COMPUTE.dtype().scalarType();

  private Working() {}

  static Muon muon(double weightDecay) {
    return new Muon(0.95, weightDecay, COMPUTE.dtype());
  }
}
