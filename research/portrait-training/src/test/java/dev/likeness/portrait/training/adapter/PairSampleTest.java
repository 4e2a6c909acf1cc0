package dev.likeness.portrait.training.adapter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PairSampleTest {
  private static final int LENGTH = 1000;

  /** A share u of all draws lies below shift u / (1 + (shift - 1) u) of the way. */
  @Test
  void prefersNoisierTimestepsByItsShift() {
    for (double shift : new double[] {1, 2.5, 4}) {
      AdapterTraining settings = AdapterTraining.base().batchSize(8).timestepShift(shift);
      int[] all = IntStream.range(0, 200)
          .flatMap(step -> Arrays.stream(
              EncodedPairs.PairSample.of(settings, step, 10, LENGTH).timesteps()))
          .sorted()
          .toArray();
      for (double u : new double[] {0.25, 0.5, 0.75}) {
        double expected = shift * u / (1 + (shift - 1) * u) * LENGTH;
        assertEquals(
            expected, all[(int) (u * all.length)], 0.03 * LENGTH, "shift " + shift + " at " + u);
      }
    }
  }

  @Test
  void isTheSameForTheSameStepAndSeed() {
    AdapterTraining settings = AdapterTraining.base().timestepShift(2).seed(7);
    assertArrayEquals(
        EncodedPairs.PairSample.of(settings, 3, 10, LENGTH).timesteps(),
        EncodedPairs.PairSample.of(settings, 3, 10, LENGTH).timesteps());
  }

  @Test
  void refusesAShiftOfZero() {
    assertThrows(IllegalArgumentException.class, () -> AdapterTraining.base().timestepShift(0));
  }
}
