package dev.likeness.diffusion.internal.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.internal.natives.LibTorch;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import org.bytedeco.pytorch.Generator;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;

class FlowObjectiveTest {
  @Test
  void interpolatesLinearlyFromImageToNoise() {
    FlowObjective flow = new FlowObjective(0, 1, 1);
    try (TensorScope scope = TensorScope.open()) {
      Tensor latents = torch.full(new long[] {2, 1, 1, 1}, new Scalar(2.0));
      Tensor noise = torch.full(new long[] {2, 1, 1, 1}, new Scalar(-1.0));
      Tensor noised = flow.addNoise(latents, noise, 0, 0.25);
      assertEquals(2, noised.select(0, 0).item_double());
      assertEquals(1.25, noised.select(0, 1).item_double());
      assertEquals(-3, flow.target(latents, noise).select(0, 0).item_double());
      assertEquals(
          9, flow.loss(torch.zeros(2, 1, 1, 1), flow.target(latents, noise)).item_double());
    }
  }

  @Test
  void samplesTheMiddleMostAndMoreNoiseWhenShifted() {
    FlowObjective plain = new FlowObjective(0, 1, 1);
    assertEquals(0.5, plain.sigma(0));
    assertEquals(1 / (1 + Math.exp(-1)), plain.sigma(1), 1e-15);
    assertEquals(0.75, new FlowObjective(0, 1, 3).sigma(0), 1e-15);
    assertEquals(1 / (1 + Math.exp(0.5)), new FlowObjective(-0.5, 1, 1).sigma(0), 1e-15);
    assertEquals(
        "a flow objective needs a spread and a shift above 0 and a finite location, got spread"
            + " 0.0, shift 1.0 and location 0.0",
        assertThrows(IllegalArgumentException.class, () -> new FlowObjective(0, 0, 1))
            .getMessage());
  }

  @Test
  void roundsUpOrDownSoThatSmallStepsAddUp() {
    LibTorch.load();
    try (TensorScope scope = TensorScope.open();
        Generator chance = torch.createCPUGenerator(5)) {
      // A quarter of the way from 1 to the next number that bf16 has.
      Tensor value = torch.full(new long[] {4000}, new Scalar(1 + 0.25 / 128));
      Tensor rounded = torch.zeros(new long[] {4000}, new TensorOptions(ScalarType.BFloat16));
      Optimizer.StochasticRounding.copy(value, rounded, chance);
      double up = rounded.gt(new Scalar(1.0)).to(ScalarType.Float).mean().item_double();
      assertTrue(Math.abs(up - 0.25) < 0.03, up + " went up");
      assertEquals(1 + 1.0 / 128, rounded.max().item_double());
      assertEquals(1, rounded.min().item_double());
    }
  }
}
