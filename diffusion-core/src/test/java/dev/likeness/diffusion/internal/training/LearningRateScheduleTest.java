package dev.likeness.diffusion.internal.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class LearningRateScheduleTest {
  @Test
  void fallsByHalfACosineAndStaysAtNothing() {
    assertRates(LearningRateSchedule.cosine(1, 4), 1, 0.853553, 0.5, 0.146447, 0, 0);
    assertRates(LearningRateSchedule.cosine(2e-3, 2), 2e-3, 1e-3, 0);
  }

  /** The first step moves already, and the last of the climb has the whole rate. */
  @Test
  void climbsStraight() {
    assertRates(LearningRateSchedule.constant(3).warmup(4), 0.75, 1.5, 2.25, 3, 3);
    assertRates(LearningRateSchedule.cosine(1, 4).warmup(2), 0.5, 0.853553, 0.5, 0.146447, 0);
  }

  @Test
  void fallsStraightAtTheEnd() {
    assertRates(LearningRateSchedule.constant(3).cooldown(3, 5), 3, 3, 3, 2, 1, 0, 0);
    assertRates(LearningRateSchedule.constant(3).cooldown(0, 5), 3, 3, 3, 3, 3, 3);
  }

  private static void assertRates(LearningRateSchedule rate, double... expected) {
    assertArrayEquals(
        expected, LongStream.range(0, expected.length).mapToDouble(rate::at).toArray(), 1e-6);
  }
}
