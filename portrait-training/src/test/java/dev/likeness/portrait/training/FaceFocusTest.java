package dev.likeness.portrait.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class FaceFocusTest {
  private static final int SIDE = 32;

  @Test
  void countsEyesAndMouthMoreThanTheRestAndAllTogetherAsBefore() {
    float[] weights = FaceFocus.of(new float[] {100, 100, 156, 100, 128, 130, 108, 156, 148, 156}, 256, SIDE);
    double sum = 0;
    for (float weight : weights) {
      sum += weight;
    }
    assertEquals(SIDE * SIDE, sum, 1e-2);
    float corner = weights[0];
    assertTrue(weights[12 * SIDE + 12] > 5 * corner, "left eye");
    assertTrue(weights[12 * SIDE + 19] > 5 * corner, "right eye");
    assertTrue(weights[19 * SIDE + 16] > 4 * corner, "mouth");
    assertTrue(weights[19 * SIDE + 16] < weights[12 * SIDE + 12], "eyes before mouth");
  }
}
