package dev.likeness.diffusion.internal.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoTensorLeaks.class)
class TensorScopeTest {
  @Test
  void freesWhatWasMadeInsideAndKeepsWhatWasPromoted() {
    try (TensorScope outer = TensorScope.open()) {
      Tensor kept;
      Tensor lost;
      try (TensorScope inner = TensorScope.open()) {
        lost = torch.ones(3);
        kept = inner.promote(lost.add(lost));
      }
      assertTrue(lost.isNull());
      assertArrayEquals(new float[] {2, 2, 2}, ImageTensors.floats(kept));
    }
  }

  @Test
  void handsASurvivorToTheCallerWhereThereIsNoOuterScope() {
    Tensor kept;
    try (TensorScope scope = TensorScope.open()) {
      kept = scope.promote(torch.ones(2));
    }
    try (kept;
        TensorScope scope = TensorScope.open()) {
      assertEquals(2, kept.sum().item_double());
    }
  }

  @Test
  void freesTheOldWhenItIsReplaced() {
    try (TensorScope outer = TensorScope.open()) {
      Tensor x = torch.ones(2);
      Tensor first;
      try (TensorScope step = TensorScope.open()) {
        first = step.promote(x.add(x));
      }
      try (TensorScope step = TensorScope.open()) {
        step.replace(first, first.add(x));
      }
      assertTrue(first.isNull());
    }
  }

  @Test
  void aRegionOutlivesTheScopeItsTensorsWereMadeIn() {
    try (TensorRegion region = new TensorRegion()) {
      Tensor kept;
      try (TensorScope scope = TensorScope.open()) {
        kept = region.keep(torch.ones(4));
      }
      try (TensorScope scope = TensorScope.open()) {
        assertEquals(4, kept.sum().item_double());
      }
    }
  }

  @Test
  void aClosedRegionTakesNothing() {
    TensorRegion region = new TensorRegion();
    region.close();
    region.close();
    try (TensorScope scope = TensorScope.open()) {
      IllegalStateException e =
          assertThrows(IllegalStateException.class, () -> region.keep(torch.ones(1)));
      assertEquals("the region is closed; nothing can be kept in it", e.getMessage());
    }
  }
}
