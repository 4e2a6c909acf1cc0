package dev.likeness.portrait.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class FaceFocusTest {
  private static final int SIDE = 32;
  private static final float[] FACE = {100, 100, 156, 100, 128, 130, 108, 156, 148, 156};

  @Test
  void countsEyesAndMouthMoreThanTheRestAndAllTogetherAsBefore() {
    float[] weights = FaceFocus.of(FACE, 256, SIDE, false);
    assertEquals(SIDE * SIDE, sum(weights), 1e-2);
    float corner = weights[0];
    assertTrue(weights[12 * SIDE + 12] > 5 * corner, "left eye");
    assertTrue(weights[12 * SIDE + 19] > 5 * corner, "right eye");
    assertTrue(weights[19 * SIDE + 16] > 4 * corner, "mouth");
    assertTrue(weights[19 * SIDE + 16] < weights[12 * SIDE + 12], "eyes before mouth");
  }

  @Test
  void countsClothMoreWhereItHasAPattern() {
    float[] plain = FaceFocus.of(FACE, 256, SIDE, false);
    float[] patterned = FaceFocus.of(FACE, 256, SIDE, true);
    int chest = 31 * SIDE + 16;
    assertEquals(3, patterned[chest] / patterned[0] - plain[chest] / plain[0], 0.05);
    assertEquals(
        plain[19 * SIDE + 16] / plain[0],
        patterned[19 * SIDE + 16] / patterned[0],
        1e-3,
        "the mouth is no cloth");
    assertEquals(SIDE * SIDE, sum(patterned), 1e-2);
  }

  private static double sum(float[] weights) {
    double sum = 0;
    for (float weight : weights) {
      sum += weight;
    }
    return sum;
  }
}
