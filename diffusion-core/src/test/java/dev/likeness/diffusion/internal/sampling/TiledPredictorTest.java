package dev.likeness.diffusion.internal.sampling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoTensorLeaks.class)
class TiledPredictorTest {
  @Test
  void changesNothingForANetworkThatSeesEachPlaceAlone() {
    try (TensorScope scope = TensorScope.open()) {
      Tensor input = torch.randn(2, 4, 20, 27);
      Tensor tiled =
          TiledPredictor.of((x, step) -> x.mul(new Scalar(3.0)), 8, 5).predict(input, null);
      assertTrue(
          tiled.sub(input.mul(new Scalar(3.0))).abs().max().item_double() < 1e-5,
          "averages of equals are equal");
    }
  }

  @Test
  void usesWindowsOfOneSizeThatCoverEverything() {
    List<String> seen = new ArrayList<>();
    try (TensorScope scope = TensorScope.open()) {
      TiledPredictor.of(
              (x, step) -> {
                seen.add(x.size(2) + "x" + x.size(3));
                return x.mul(new Scalar(1.0));
              },
              8,
              6)
          .predict(torch.zeros(1, 4, 16, 8), null);
      assertEquals(List.of("8x8", "8x8", "8x8"), seen);
      seen.clear();
      Tensor small = torch.zeros(1, 4, 8, 5);
      TiledPredictor.of(
              (x, step) -> {
                seen.add(x.size(2) + "x" + x.size(3));
                return x.mul(new Scalar(1.0));
              },
              8,
              6)
          .predict(small, null);
      assertEquals(List.of("8x5"), seen);
    }
  }

  @Test
  void leavesNoStepWhereWindowsEnd() {
    int[] calls = {0};
    try (TensorScope scope = TensorScope.open()) {
      // A network whose windows disagree as much as they can: each answers with another number.
      Tensor tiled = TiledPredictor.of(
              (x, step) -> torch.full_like(x, new Scalar((double) (calls[0]++ % 2))), 16, 8)
          .predict(torch.zeros(1, 1, 16, 64), null);
      Tensor steps = tiled.narrow(3, 1, 63).sub(tiled.narrow(3, 0, 63)).abs();
      assertTrue(
          steps.max().item_double() < 0.25,
          "the strongest step is " + steps.max().item_double());
      assertTrue(tiled.max().item_double() > 0.9 && tiled.min().item_double() < 0.1);
    }
  }

  @Test
  void refusesWindowsThatLeaveGaps() {
    IllegalArgumentException refused =
        assertThrows(IllegalArgumentException.class, () -> TiledPredictor.of((x, step) -> x, 8, 9));
    assertEquals(
        "the stride must be in 1..8 for windows of 8 latent pixels, got 9", refused.getMessage());
  }
}
