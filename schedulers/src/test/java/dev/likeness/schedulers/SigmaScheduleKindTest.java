package dev.likeness.schedulers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.schedulers.internal.Sigmas;
import dev.likeness.schedulers.solvers.Solvers;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class SigmaScheduleKindTest {
  private static final TrainedSigmas SD = TrainedSigmas.of(NoiseSchedule.stableDiffusion());
  private static final TrainedSigmas FLOW = TrainedSigmas.flow(1000, 3);

  @ParameterizedTest
  @EnumSource(SigmaScheduleKind.class)
  void fallsToNoNoise(SigmaScheduleKind shape) {
    for (int steps : new int[] {1, 2, 10, 37}) {
      double[] sigmas = shape.sigmas(shape == SigmaScheduleKind.BONG_TANGENT ? FLOW : SD, steps);
      assertEquals(0, sigmas[sigmas.length - 1]);
      for (int i = 1; i < sigmas.length; i++) {
        assertTrue(sigmas[i] < sigmas[i - 1], shape + " of " + steps + " at " + i);
      }
      boolean exact = shape != SigmaScheduleKind.DDIM_UNIFORM && shape != SigmaScheduleKind.BETA;
      assertTrue(
          !exact || sigmas.length == steps + 1, shape + " of " + steps + " has " + sigmas.length);
    }
  }

  @Test
  void choosesAmongTheTrainedSigmas() {
    double[] known = SD.sigmas();
    assertArrayEquals(
        new double[] {known[999], known[749], known[499], known[249], 0},
        SigmaScheduleKind.SIMPLE.sigmas(SD, 4),
        1e-12);
    assertArrayEquals(
        new double[] {known[751], known[501], known[251], known[1], 0},
        SigmaScheduleKind.DDIM_UNIFORM.sigmas(SD, 4),
        1e-12);
    assertArrayEquals(
        new double[] {known[999], known[666], known[333], known[0], 0},
        SigmaScheduleKind.NORMAL.sigmas(SD, 4),
        1e-10);
    assertArrayEquals(
        new double[] {known[999], known[666], known[333], 0},
        SigmaScheduleKind.SGM_UNIFORM.sigmas(SD, 3),
        1e-10);
    assertEquals(known[999], SigmaScheduleKind.BETA.sigmas(SD, 4)[0]);
    assertEquals(known[500], SigmaScheduleKind.BETA.sigmas(SD, 2)[1], 0.01);
  }

  /**
   * NVIDIA's levels (Align Your Steps, 2024) in the digits of ComfyUI's
   * {@code nodes_align_your_steps.py}; the last gives way to 0.
   */
  static Stream<Arguments> published() {
    return Stream.of(
        Arguments.of(SigmaScheduleKind.ALIGN_YOUR_STEPS_SD15, new double[] {
          14.6146412293,
          6.4745760956,
          3.8636745985,
          2.6946151520,
          1.8841921177,
          1.3943805092,
          0.9642583904,
          0.6523686016,
          0.3977456272,
          0.1515232662,
          0.0291671582
        }),
        Arguments.of(SigmaScheduleKind.ALIGN_YOUR_STEPS_SDXL, new double[] {
          14.6146412293,
          6.3184485287,
          3.7681790315,
          2.1811480769,
          1.3405244945,
          0.8620721141,
          0.5550693289,
          0.3798540708,
          0.2332364134,
          0.1114188177,
          0.0291671582
        }),
        Arguments.of(SigmaScheduleKind.ALIGN_YOUR_STEPS_SVD, new double[] {
          700, 54.5, 15.886, 7.977, 4.248, 1.789, 0.981, 0.403, 0.173, 0.034, 0.002
        }));
  }

  @ParameterizedTest
  @MethodSource("published")
  void returnsTheOptimisedLevelsAtTenStepsAndInterpolatesAtTwenty(
      SigmaScheduleKind shape, double[] levels) {
    double[] ten = Arrays.copyOf(levels, 11);
    ten[10] = 0;
    assertArrayEquals(ten, shape.sigmas(SD, 10), 1e-9);
    double[] twenty = shape.sigmas(SD, 20);
    for (int i = 0; i < 10; i++) {
      assertEquals(levels[i], twenty[2 * i], 1e-9);
      assertEquals(
          Math.sqrt(levels[i] * levels[i + 1]), twenty[2 * i + 1], 1e-9, "even in the logarithm");
    }
  }

  /** diffusers 0.42.1 rounds them. */
  @Test
  void equalsDiffusersAlignYourStepsToItsDigits() {
    assertArrayEquals(
        new double[] {14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0.0},
        SigmaScheduleKind.ALIGN_YOUR_STEPS_SD15.sigmas(SD, 10),
        3e-3);
    assertArrayEquals(
        new double[] {14.615, 6.315, 3.771, 2.181, 1.342, 0.862, 0.555, 0.380, 0.234, 0.113, 0.0},
        SigmaScheduleKind.ALIGN_YOUR_STEPS_SDXL.sigmas(SD, 10),
        4e-3);
  }

  @Test
  void isEvenInTheArctangentWhereThatIsOptimal() {
    double[] known = SD.sigmas();
    double[] sigmas = SigmaScheduleKind.KL_OPTIMAL.sigmas(SD, 3);
    assertArrayEquals(
        new double[] {
          known[999], Math.tan((Math.atan(known[999]) + Math.atan(known[0])) / 2), known[0], 0
        },
        sigmas,
        1e-11);
  }

  @Test
  void removesAFortiethOfTheNoiseInHalfOfTheStepsAndTheRestInAParabola() {
    assertArrayEquals(
        new double[] {1, 0.99375, 0.9875, 0.98125, 0.975, 0.909375, 0.725, 0.421875, 0},
        Arrays.stream(SigmaScheduleKind.LINEAR_QUADRATIC.sigmas(FLOW, 8)).toArray(),
        1e-12,
        "diffusers' linear_quadratic_schedule(8, 0.025)");
  }

  @Test
  void meetsHalfwayBetweenTwoTangents() {
    assertArrayEquals(
        new double[] {
          1.0,
          0.971343878173,
          0.929422957868,
          0.86288786684,
          0.744299707153,
          0.5,
          0.213121617935,
          0.069646033306,
          0
        },
        SigmaScheduleKind.BONG_TANGENT.sigmas(FLOW, 8),
        1e-11,
        "RES4LYF's formula, computed apart");
    double[] sigmas = SigmaScheduleKind.BONG_TANGENT.sigmas(FLOW, 20);
    assertEquals(1, sigmas[0], 1e-12);
    assertEquals(0.5, sigmas[12], 1e-12);
  }

  @Test
  void movesFlowLevelsTowardsNoise() {
    assertArrayEquals(new double[] {0, 0.75, 1}, Sigmas.shift(new double[] {0, 0.5, 1}, 3), 1e-15);
    assertEquals(0.75, FLOW.sigma(500), 1e-15);
    assertEquals(750, FLOW.timestep(0.75));
    assertEquals(NoiseLevel.flow(0.75), FLOW.level(0.75));
    assertEquals(1000, FLOW.sigmas().length);
  }

  @Test
  void spreadsBetaQuantilesEvenlyAroundTheMiddle() {
    double[] sigmas = Sigmas.beta(2, 0, 5);
    assertArrayEquals(new double[] {2, 2 - sigmas[3], 1, sigmas[3], 0}, sigmas, 1e-9);
    assertArrayEquals(new double[] {7}, Sigmas.linspace(7, 9, 1));
  }

  @Test
  void buildsASchedulerFromTypedParts() {
    SamplingPlan plan = CustomScheduler.stableDiffusion(Prediction.EPSILON)
        .withSigmaSchedule(SigmaScheduleKind.KARRAS)
        .withSolver(Solvers.DPM_PLUS_PLUS_2M)
        .plan(20);
    assertEquals(20, plan.size());
    assertEquals(999, plan.timesteps()[0], 1e-9);
    assertEquals(14.6146, plan.initNoiseSigma(), 1e-3);
    SamplingPlan flow =
        CustomScheduler.flow(3).withSolver(Solvers.FLOW_EULER_ANCESTRAL).plan(4);
    assertEquals(1, flow.initNoiseSigma());
    assertEquals(
        "the scheduler has no solver; call withSolver",
        assertThrows(IllegalStateException.class, () -> CustomScheduler.flow(1).plan(3))
            .getMessage());
    assertEquals(
        "a CustomScheduler has sigmas and no betas; use the NoiseSchedule that it was created from",
        assertThrows(IllegalStateException.class, () -> CustomScheduler.flow(1).noiseSchedule())
            .getMessage());
  }

  @Test
  void offersEverySolverTyped() {
    for (Solver solver : new Solver[] {
      Solvers.EULER,
      Solvers.EULER_ANCESTRAL,
      Solvers.HEUN,
      Solvers.LMS,
      Solvers.DPM_PLUS_PLUS_2M,
      Solvers.DPM_PLUS_PLUS_2M_SDE,
      Solvers.DPM_PLUS_PLUS_3M_SDE,
      Solvers.RES_MULTISTEP,
      Solvers.GRADIENT_ESTIMATION,
      Solvers.dpm2(SD),
      Solvers.dpm2Ancestral(SD),
      Solvers.dpmPlusPlus2SAncestral(SD),
      Solvers.dpmPlusPlusSde(SD),
      Solvers.restart(4, 2, SD),
      Solvers.ER_SDE,
      Solvers.EULER_CFG_PLUS_PLUS,
      Solvers.seeds2(SD),
      Solvers.seeds3(SD)
    }) {
      double[] first = {14.6};
      var sampler = new NumericSamplingLoop((x, timestep) -> x, () -> new double[] {0.5});
      double end = sampler
          .sample(
              first,
              CustomScheduler.stableDiffusion(Prediction.EPSILON)
                  .withSolver(solver)
                  .plan(12))[0];
      assertTrue(Math.abs(end) < 10, solver + " ends at " + end);
    }
  }
}
