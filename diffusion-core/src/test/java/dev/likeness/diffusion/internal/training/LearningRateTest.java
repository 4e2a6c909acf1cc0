package dev.likeness.diffusion.internal.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class LearningRateTest {
  @Test
  void fallsByHalfACosineAndStaysAtNothing() {
    assertRates(LearningRate.cosine(1, 4), 1, 0.853553, 0.5, 0.146447, 0, 0);
    assertRates(LearningRate.cosine(2e-3, 2), 2e-3, 1e-3, 0);
  }

  /** The first step moves already, and the last of the climb has the whole rate. */
  @Test
  void climbsStraight() {
    assertRates(LearningRate.constant(3).warmup(4), 0.75, 1.5, 2.25, 3, 3);
    assertRates(LearningRate.cosine(1, 4).warmup(2), 0.5, 0.853553, 0.5, 0.146447, 0);
  }

  @Test
  void fallsStraightAtTheEnd() {
    assertRates(LearningRate.constant(3).cooldown(3, 5), 3, 3, 3, 2, 1, 0, 0);
    assertRates(LearningRate.constant(3).cooldown(0, 5), 3, 3, 3, 3, 3, 3);
  }

  private static void assertRates(LearningRate rate, double... expected) {
    assertArrayEquals(
        expected, LongStream.range(0, expected.length).mapToDouble(rate::at).toArray(), 1e-6);
  }
}
