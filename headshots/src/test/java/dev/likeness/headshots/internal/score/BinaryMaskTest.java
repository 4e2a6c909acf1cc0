package dev.likeness.headshots.internal.score;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class BinaryMaskTest {
  @Test
  void openingKeepsBroadRegions() {
    // A square of ten, and a strand of two that hangs on it.
    HandMeasure.BinaryMask mask = HandMeasure.BinaryMask.of(
        40,
        30,
        (x, y) -> x >= 5 && x < 15 && y >= 5 && y < 15 || x >= 15 && x < 35 && y >= 9 && y < 11);
    HandMeasure.BinaryMask opened = mask.opened(2);
    assertEquals(140, mask.largestComponent());
    assertTrue(opened.at(10, 10));
    assertFalse(opened.at(25, 9));
    assertTrue(
        opened.largestComponent() > 80 && opened.largestComponent() <= 110,
        "" + opened.largestComponent());
  }

  @Test
  void regionsContinueBeyondTheEdge() {
    HandMeasure.BinaryMask corner = HandMeasure.BinaryMask.of(20, 20, (x, y) -> x < 3 && y < 8);
    assertTrue(corner.opened(2).at(0, 0), "three wide, and no end is seen");
    assertEquals(
        0,
        HandMeasure.BinaryMask.of(20, 20, (x, y) -> x >= 8 && x < 11 && y >= 8 && y < 16)
            .opened(2)
            .largestComponent());
  }

  @Test
  void piecesShareAnEdge() {
    assertEquals(1, HandMeasure.BinaryMask.of(6, 6, (x, y) -> (x + y) % 2 == 0).largestComponent());
    assertEquals(0, HandMeasure.BinaryMask.of(6, 6, (x, y) -> false).largestComponent());
    assertEquals(36, HandMeasure.BinaryMask.of(6, 6, (x, y) -> true).opened(3).largestComponent());
    assertFalse(HandMeasure.BinaryMask.of(6, 6, (x, y) -> true).at(-1, 2));
  }
}
