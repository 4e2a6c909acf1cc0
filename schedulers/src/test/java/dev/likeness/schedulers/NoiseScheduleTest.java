package dev.likeness.schedulers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.schedulers.internal.BetaSchedule;
import org.junit.jupiter.api.Test;

class NoiseScheduleTest {
  private static final NoiseSchedule SMALL = NoiseSchedule.ofBetas(0.1, 0.2, 0.5);

  @Test
  void multipliesTheSignalOfAllTimesteps() {
    assertArrayEquals(new double[] {0.9, 0.72, 0.36}, SMALL.alphaBars(), 1e-15);
    assertEquals(3, SMALL.length());
  }

  @Test
  void returnsTheNoiseLevelForTraining() {
    NoiseLevel level = SMALL.level(2);
    assertEquals(0.6, level.alpha(), 1e-15);
    assertEquals(0.8, level.sigma(), 1e-15);
    assertEquals(0.36 / 0.64, SMALL.snr(2), 1e-15);
  }

  @Test
  void hasTimestepZeroOnlyIfThereIsOneBeta() {
    double[] any = {0.001, 100};
    assertArrayEquals(new double[] {0, 0}, NoiseSchedule.ofBetas(0.1).timesteps(any));
  }

  @Test
  void refusesTimestepsThatWereNotTrained() {
    assertEquals(
        "timestep must be in 0..2, got 3",
        assertThrows(IllegalArgumentException.class, () -> SMALL.alphaBar(3)).getMessage());
    assertEquals(
        "timestep must be in 0..2, got -1",
        assertThrows(IllegalArgumentException.class, () -> SMALL.level(-1)).getMessage());
    assertEquals(
        "the beta of timestep 1 must be in 0..1, got 1.5",
        assertThrows(IllegalArgumentException.class, () -> NoiseSchedule.ofBetas(0.1, 1.5))
            .getMessage());
    assertArrayEquals(
        new double[] {1, 0}, NoiseSchedule.ofBetas(0, 1).alphaBars(), "both ends are betas");
    assertEquals(
        "a noise schedule needs at least 1 beta, got none",
        assertThrows(IllegalArgumentException.class, NoiseSchedule::ofBetas).getMessage());
  }

  @Test
  void rescalesSoThatNoSignalIsLeftAtTheEndAndTheStartStays() {
    NoiseSchedule rescaled = SMALL.rescaleZeroTerminalSnr();
    assertEquals(0.9, rescaled.alphaBar(0), 1e-15);
    assertEquals(0, rescaled.alphaBar(2));
    assertTrue(rescaled.alphaBar(1) < 0.72);
    assertEquals(
        NoiseSchedule.MIN_ALPHA_BAR,
        rescaled.withLastAlphaBar(NoiseSchedule.MIN_ALPHA_BAR).alphaBar(2));
  }

  @Test
  void goesFromTimestepsToSigmasAndBack() {
    double[] sigmas = SMALL.sigmas();
    assertEquals(1 / 3.0, sigmas[0], 1e-15);
    assertArrayEquals(
        new double[] {(sigmas[0] + sigmas[1]) / 2, sigmas[0], sigmas[2]},
        SMALL.sigmas(new double[] {0.5, -1, 7}),
        1e-15);
    assertArrayEquals(
        new double[] {0, 0.5, 1, 2, 2, 0},
        SMALL.timesteps(
            new double[] {sigmas[0], Math.sqrt(sigmas[0] * sigmas[1]), sigmas[1], sigmas[2], 50, 0
            }),
        1e-12);
  }

  @Test
  void isEqualByItsLevels() {
    assertEquals(SMALL, NoiseSchedule.ofBetas(0.1, 0.2, 0.5));
    assertEquals(SMALL.hashCode(), NoiseSchedule.ofBetas(0.1, 0.2, 0.5).hashCode());
    assertNotEquals(SMALL, NoiseSchedule.ofBetas(0.1, 0.2, 0.4));
    assertNotEquals(SMALL.hashCode(), NoiseSchedule.ofBetas(0.1, 0.2, 0.4).hashCode());
    assertEquals(
        "NoiseSchedule of 3 timesteps, alphaBar 0.9 to 0.36000000000000004", SMALL.toString());
  }

  @Test
  void spreadsBetasAsEachKindDoes() {
    assertArrayEquals(new double[] {0.1, 0.2, 0.3}, BetaSchedule.LINEAR.betas(0.1, 0.3, 3), 1e-15);
    assertArrayEquals(
        new double[] {0.01, 0.0625, 0.16}, BetaSchedule.SCALED_LINEAR.betas(0.01, 0.16, 3), 1e-15);
    assertEquals(0.2, BetaSchedule.SIGMOID.betas(0.1, 0.3, 3)[1], 1e-15);
    assertEquals(0.999, BetaSchedule.SQUARED_COSINE.betas(0, 1, 5)[4]);
    assertEquals(1 - Math.exp(-6), BetaSchedule.EXPONENTIAL.betas(0, 1, 2)[0], 1e-15);
    for (double beta : BetaSchedule.LAPLACE.betas(0, 1, 100)) {
      assertTrue(beta > 0 && beta <= 0.999, "beta " + beta);
    }
  }

  @Test
  void keepsNoiseLevelsApartFromOtherNumbers() {
    assertEquals(2, NoiseLevel.variancePreserving(2).ratio(), 1e-15);
    assertEquals(
        1,
        Math.hypot(
            NoiseLevel.variancePreserving(2).alpha(),
            NoiseLevel.variancePreserving(2).sigma()),
        1e-15);
    assertEquals(new NoiseLevel(0.75, 0.25), NoiseLevel.flow(0.25));
    assertEquals(Math.log(3), NoiseLevel.flow(0.25).lambda(), 1e-15);
    assertEquals(Double.POSITIVE_INFINITY, NoiseLevel.CLEAN.lambda());
    for (double[] wrong :
        new double[][] {{-0.1, 1}, {1, -0.1}, {Double.NaN, 1}, {1, Double.POSITIVE_INFINITY}}) {
      assertEquals(
          "a noise level needs finite alpha and sigma of at least 0, got alpha " + wrong[0]
              + " and sigma " + wrong[1],
          assertThrows(IllegalArgumentException.class, () -> new NoiseLevel(wrong[0], wrong[1]))
              .getMessage());
    }
  }
}
