package dev.likeness.schedulers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.schedulers.solvers.Solvers;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class SamplingPlanTest {
  private static final SamplingPlan PLAN = CustomScheduler.stableDiffusion(Prediction.EPSILON)
      .withSolver(Solvers.EULER)
      .plan(PlanRequest.ofSigmas(4, 2, 0));

  @Test
  void printsItsRowsAsATable() {
    assertEquals("""
        start 1.00000 x0 + 4.00000 n, or 4.00000 n
         row   timestep      alpha      sigma  next sample
           0   744.2364    1.00000    4.00000  +0.500000 x +0.500000 D
           1   562.2860    1.00000    2.00000  +1.00000 D
        """, PLAN.toString().replace(System.lineSeparator(), "\n"));
  }

  @Test
  void plotsItsNoise() {
    String plot = CustomScheduler.stableDiffusion(Prediction.EPSILON)
        .withSolver(Solvers.EULER)
        .plan(10)
        .plot();
    String[] lines = plot.split("\\R");
    assertEquals(17, lines.length);
    assertTrue(lines[0].startsWith("     14.6 |*"), lines[0]);
    assertTrue(lines[15].startsWith("   0.0292 |         *"), lines[15]);
    assertEquals("          +---------- row", lines[16]);
    assertEquals("no rows", new SamplingPlan(List.of(), new SamplingPlan.Start(1, 0), 1).plot());
  }

  @Test
  void reportsItsHistoryLength() {
    assertEquals(1, PLAN.historyLength());
    SamplingPlan multistep = CustomScheduler.stableDiffusion(Prediction.EPSILON)
        .withSolver(Solvers.LMS)
        .plan(10);
    assertEquals(4, multistep.historyLength());
    assertEquals(1, new SamplingPlan(List.of(), new SamplingPlan.Start(1, 0), 1).historyLength());
  }

  @Test
  void isEqualByItsRows() {
    SamplingPlan same = CustomScheduler.stableDiffusion(Prediction.EPSILON)
        .withSolver(Solvers.EULER)
        .plan(PlanRequest.ofSigmas(4, 2, 0));
    assertEquals(PLAN, same);
    assertEquals(PLAN.hashCode(), same.hashCode());
    assertNotEquals(
        PLAN,
        CustomScheduler.stableDiffusion(Prediction.EPSILON)
            .withSolver(Solvers.EULER)
            .plan(PlanRequest.ofSigmas(4, 1, 0)));
  }

  @Test
  void clampsAndThresholds() {
    assertArrayEquals(
        new double[] {0.5, -0.5, 0.2}, Clipping.clamp(0.5).apply(new double[] {0.9, -2, 0.2}));
    double[] dynamic = Clipping.dynamic(0.5, 3).apply(new double[] {1, -2, 4});
    assertArrayEquals(new double[] {0.5, -1, 1}, dynamic, 1e-15);
    assertArrayEquals(
        new double[] {0.1, -0.2}, Clipping.dynamic(0.9, 3).apply(new double[] {0.1, -0.2}), 1e-15);
    assertArrayEquals(
        new double[] {1, 0.5}, Clipping.dynamic(1, 2).apply(new double[] {9, 1}), 1e-15);
    assertArrayEquals(new double[] {9, 1}, Clipping.NONE.apply(new double[] {9, 1}));
    assertTrue(Clipping.NONE.isOff());
    assertFalse(Clipping.clamp(1).isOff());
    assertEquals(
        "clipping needs a limit above 0 and a ratio in 0..1, got limit 0.0 and ratio 0.0",
        assertThrows(IllegalArgumentException.class, () -> Clipping.clamp(0)).getMessage());
    assertEquals(
        "clipping needs a limit above 0 and a ratio in 0..1, got limit 1.0 and ratio 1.5",
        assertThrows(IllegalArgumentException.class, () -> Clipping.dynamic(1.5, 1))
            .getMessage());
  }

  @Test
  void scalesNoiseThatTheNetworkMeasures() {
    assertEquals(1, Step.LearnedVariance.NONE.scale(7));
    assertEquals(3, Step.LearnedVariance.DIRECT.scale(9));
    assertEquals(0, Step.LearnedVariance.DIRECT.scale(-9));
    assertEquals(2, Step.LearnedVariance.range(Math.log(4), Math.log(16)).scale(-1), 1e-12);
    assertEquals(4, Step.LearnedVariance.range(Math.log(4), Math.log(16)).scale(1), 1e-12);
  }

  @Test
  void turnsEveryPredictionIntoTheSameDenoisedSample() {
    double x0 = 0.7;
    double n = -1.2;
    for (NoiseLevel level :
        List.of(NoiseLevel.variancePreserving(1.5), NoiseLevel.varianceExploding(2.5))) {
      double x = level.alpha() * x0 + level.sigma() * n;
      double spread = Math.hypot(level.alpha(), level.sigma());
      Map<Prediction, Double> answers = Map.of(
          Prediction.EPSILON,
          n,
          Prediction.SAMPLE,
          x0,
          Prediction.V,
          (level.alpha() * n - level.sigma() * x0) / spread);
      answers.forEach((prediction, answer) -> {
        Step.Scaling c = prediction.scaling(level);
        assertEquals(x0, c.skip() * x + c.output() * answer, 1e-12, prediction + " at " + level);
        assertEquals(1 / spread, c.input(), 1e-15);
      });
    }
    Step.Scaling flow = Prediction.FLOW.scaling(NoiseLevel.flow(0.3));
    assertEquals(x0, flow.skip() * (0.7 * x0 + 0.3 * n) + flow.output() * (n - x0), 1e-15);
    assertEquals(1, flow.input());
  }

  @Test
  void refusesFactorsThatAreNotNumbers() {
    assertEquals(
        "the factors of noise in a step must be finite, got NaN",
        assertThrows(
                IllegalArgumentException.class,
                () -> new Step.Update(
                    new double[] {1},
                    new double[0],
                    new double[0],
                    new double[0],
                    new double[0],
                    new double[0],
                    new double[] {Double.NaN},
                    true,
                    false))
            .getMessage());
  }

  @Test
  void addsNoiseOnceInEachRow() {
    var draft = new PlanBuilder(Prediction.SAMPLE::scaling, Clipping.NONE);
    assertEquals(
        "noise() needs an open row; call the network first",
        assertThrows(IllegalStateException.class, draft::noise).getMessage());
    Call call = draft.call(draft.start(), 1, NoiseLevel.varianceExploding(1));
    draft.noise();
    assertEquals(
        "row 0 already uses noise; call noise() only once after each call of the network",
        assertThrows(IllegalStateException.class, draft::noise).getMessage());
    Step row = draft.build(call.denoised()).get(0);
    assertTrue(row.update().needsNoise());
    assertEquals(0, row.update().noise().length, "drawn and dropped");
  }

  @Test
  void refusesSigmaSchedulesOfDifferentLengths() {
    assertEquals(
        "a sigma schedule needs at least 1 step, with a timestep, a start and an end for each"
            + " step; got timesteps: 0, starts: 0, ends: 0",
        assertThrows(
                IllegalArgumentException.class,
                () -> SigmaSchedule.of(new double[0], List.of(NoiseLevel.CLEAN)))
            .getMessage());
    SigmaSchedule sigmaSchedule = SigmaSchedule.of(
        new double[] {3}, List.of(NoiseLevel.varianceExploding(2), NoiseLevel.CLEAN));
    assertEquals(
        "the first step must be from 0 to the number of steps (1), got 2",
        assertThrows(IllegalArgumentException.class, () -> sigmaSchedule.from(2))
            .getMessage());
    assertEquals(NoiseLevel.CLEAN, sigmaSchedule.from(1).start());
    assertEquals(2, sigmaSchedule.maxSigma());
  }

  @Test
  void describesRequestsAndRefusesImpossibleOnes() {
    assertEquals(PlanRequest.of(5).strength(0.5), PlanRequest.of(5).strength(0.5));
    assertEquals(PlanRequest.of(5).hashCode(), PlanRequest.of(5).hashCode());
    assertEquals(3, PlanRequest.of(5).strength(0.5).firstStep());
    assertEquals(OptionalDouble.empty(), PlanRequest.of(5).eta());
    assertEquals(OptionalDouble.of(1), PlanRequest.of(5).eta(1).eta());
    assertEquals(
        "the denoising range must be within 0..1 and not end before it starts, got 0.9 to 0.8",
        assertThrows(
                IllegalArgumentException.class, () -> PlanRequest.of(5).denoisingRange(0.9, 0.8))
            .getMessage());
    assertEquals(
        "the denoising range must be within 0..1 and not end before it starts, got 0.0 to 1.2",
        assertThrows(IllegalArgumentException.class, () -> PlanRequest.of(5).denoisingRange(0, 1.2))
            .getMessage());
    assertEquals(
        "steps must be at least 1, got 0",
        assertThrows(IllegalArgumentException.class, () -> PlanRequest.of(0)).getMessage());
    assertEquals(
        "the number of timesteps must be at least 1, got 0",
        assertThrows(IllegalArgumentException.class, () -> PlanRequest.ofTimesteps())
            .getMessage());
    assertEquals(
        "the number of sigmas must be at least 1, got 0",
        assertThrows(IllegalArgumentException.class, () -> PlanRequest.ofSigmas())
            .getMessage());
    for (double eta : new double[] {-0.1, 1.1, Double.NaN}) {
      assertEquals(
          "eta must be in 0..1, got " + eta,
          assertThrows(IllegalArgumentException.class, () -> PlanRequest.of(5).eta(eta))
              .getMessage());
    }
  }
}
