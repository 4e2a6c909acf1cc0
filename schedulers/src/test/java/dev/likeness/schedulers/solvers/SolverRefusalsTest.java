package dev.likeness.schedulers.solvers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.schedulers.Clipping;
import dev.likeness.schedulers.CustomScheduler;
import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.PlanBuilder;
import dev.likeness.schedulers.Prediction;
import dev.likeness.schedulers.SamplingPlan;
import dev.likeness.schedulers.SigmaSchedule;
import dev.likeness.schedulers.SigmaScheduleKind;
import dev.likeness.schedulers.Solver;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What solvers refuse, and what they count. */
class SolverRefusalsTest {
  private static final DpmSolverMultistep.FinalOrder KEEP_ORDER =
      new DpmSolverMultistep.FinalOrder(false, false);

  @Test
  void makesExactlyTheCallsOfDpmFast() {
    for (int calls = 1; calls <= 30; calls++) {
      assertEquals(
          calls, DpmFast.ordersOf(calls).stream().mapToInt(Integer::intValue).sum());
    }
  }

  @Test
  void refusesOrdersThatDpmFastCannotUse() {
    assertEquals(
        "orders of DPM fast must be 1 to 3, got [3, 5]",
        assertThrows(IllegalArgumentException.class, () -> new DpmFast(List.of(3, 5), 0, 1, s -> s))
            .getMessage());
    CustomScheduler scheduler = CustomScheduler.stableDiffusion(Prediction.EPSILON)
        .withSigmaSchedule(SigmaScheduleKind.KARRAS)
        .withSolver(new DpmFast(List.of(3, 2), 0, 1, s -> s));
    assertEquals(
        "DPM fast needs one order for each step of the sigma schedule, got orders [3, 2], but the"
            + " number of steps is 3",
        assertThrows(IllegalArgumentException.class, () -> scheduler.plan(3)).getMessage());
  }

  @Test
  void refusesOrdersThatSingleStepDpmSolverCannotUse() {
    assertEquals(
        "orders of single-step DPM-Solver must be 1 to 3, got [1, 0]",
        assertThrows(IllegalArgumentException.class, () -> singleStep(1, 0)).getMessage());
    CustomScheduler scheduler = CustomScheduler.stableDiffusion(Prediction.EPSILON)
        .withSigmaSchedule(SigmaScheduleKind.KARRAS)
        .withSolver(singleStep(1, 2));
    assertEquals(
        "single-step DPM-Solver needs one order for each step of the sigma schedule, got orders"
            + " [1, 2], but the number of steps is 3",
        assertThrows(IllegalArgumentException.class, () -> scheduler.plan(3)).getMessage());
  }

  private static Solver singleStep(Integer... orders) {
    return new DpmSolverSinglestep(DpmAlgorithm.DPM_SOLVER_PLUS_PLUS, List.of(orders), false);
  }

  @Test
  void pushesTheSlopePastTheLastOne() {
    CustomScheduler scheduler = CustomScheduler.stableDiffusion(Prediction.EPSILON)
        .withSigmaSchedule(SigmaScheduleKind.KARRAS);
    assertEquals(
        scheduler.withSolver(Solvers.EULER).plan(6).toString(),
        scheduler.withSolver(new GradientEstimation(1, false)).plan(6).toString(),
        "a push of 1 is Euler's method");
    SamplingPlan pushed =
        scheduler.withSolver(new GradientEstimation(2.5, false)).plan(6);
    double step =
        pushed.steps().get(3).level().sigma() - pushed.steps().get(2).level().sigma();
    double[] samples = pushed.steps().get(2).update().samples();
    assertEquals(1 + 2.5 * step / pushed.steps().get(2).level().sigma(), samples[0], 1e-12);
    assertEquals(-1.5 * step / pushed.steps().get(1).level().sigma(), samples[1], 1e-12);
  }

  @Test
  void restartsFromTheLowerLevelTheGivenNumberOfTimes() {
    double[] sigmas = {8, 4, 2, 1, 0.5, 0.1, 0.05, 0};
    double[] called = sigmasOf(new Restart(0.1, 2, 3, 2, sigma -> sigma), sigmas);
    double[] once = sigmasOf(new Restart(0.1, 2, 3, 1, sigma -> sigma), sigmas);
    double[] never = sigmasOf(new Restart(0.1, 2, 3, 0, sigma -> sigma), sigmas);
    assertEquals(
        called.length - once.length, once.length - never.length, "each time costs as many calls");
    assertEquals(
        2,
        Arrays.stream(once).filter(sigma -> Math.abs(sigma - 2) < 1e-9).count()
            - Arrays.stream(never).filter(sigma -> Math.abs(sigma - 2) < 1e-9).count()
            + 1);
    assertEquals(13, never.length, "two calls a step and one in the last");
  }

  private static double[] sigmasOf(Solver solver, double[] sigmas) {
    var draft = new PlanBuilder(Prediction.SAMPLE::scaling, Clipping.NONE);
    var sigmaSchedule = SigmaSchedule.of(
        Arrays.copyOf(sigmas, sigmas.length - 1),
        Arrays.stream(sigmas).mapToObj(NoiseLevel::varianceExploding).toList());
    return draft.build(solver.solve(sigmaSchedule, draft)).stream()
        .mapToDouble(row -> row.level().sigma())
        .toArray();
  }

  @Test
  void churnsAtItsBoundsToo() {
    CustomScheduler euler = CustomScheduler.stableDiffusion(Prediction.EPSILON)
        .withSigmaSchedule(SigmaScheduleKind.KARRAS)
        .withSolver(Solvers.EULER);
    SamplingPlan plain = euler.plan(5);
    double bound = plain.steps().get(2).level().sigma();

    SamplingPlan churned = euler
        .withSolver(new Euler(new Churn(1, bound, bound, 1, sigma -> sigma)))
        .plan(5);

    for (int i = 0; i < 5; i++) {
      double sigma = plain.steps().get(i).level().sigma();
      assertEquals(
          i == 2 ? 1.2 * sigma : sigma, churned.steps().get(i).level().sigma(), 1e-12 * sigma);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "-1, 0, 1, 1", "NaN, 0, 1, 1", "Infinity, 0, 1, 1", "1, -1, 1, 1", "1, NaN, 1, 1",
    "1, 2, 1, 1", "1, 0, NaN, 1", "1, 0, 1, -1", "1, 0, 1, NaN", "1, 0, 1, Infinity"
  })
  void refusesChurnOutOfRange(double amount, double smallest, double largest, double scale) {
    refuses(
        "churn needs amount, sigmas and noise scale of at least 0, and a largest sigma that is not"
            + " below the smallest, got amount " + amount + ", sigmas " + smallest + ".." + largest
            + " and noise scale " + scale,
        () -> new Churn(amount, smallest, largest, scale, sigma -> sigma));
  }

  @ParameterizedTest
  @CsvSource({
    "-1, 2, 1, 1",
    "NaN, 2, 1, 1",
    "2, 1, 1, 1",
    "1, NaN, 1, 1",
    "1, Infinity, 1, 1",
    "1, 2, 0, 1",
    "1, 2, 1, -1"
  })
  void refusesRestartsOutOfRange(double low, double high, int steps, int restarts) {
    refuses(
        "restart sampling needs 0 <= low <= high, at least 1 step and at least 0 restarts, got low "
            + low + ", high " + high + ", steps " + steps + " and restarts " + restarts,
        () -> new Restart(low, high, steps, restarts, sigma -> sigma));
  }

  @Test
  void refusesOrdersThatAMethodDoesNotHave() {
    refuses("LMS needs an order of 1 to 4, got 5", () -> new Lms(5));
    refuses("DEIS needs an order of 1 to 3, got 4", () -> new Deis(4, KEEP_ORDER));
    refuses(
        "UniPC needs an order of at least 1, got 0",
        () -> new UniPc(0, true, true, true, Set.of()));
    refuses(
        "SA-Solver needs a predictor and a corrector of order 1 to 4, got orders 5 and 1",
        () -> new SaSolver(5, 1, true, true, false, t -> 0));
    refuses(
        "multistep SDE-DPM-Solver++ needs an order of 2 or 3, got 1",
        () -> new DpmPlusPlusMSde(1, true, 1, 1));
    refuses(
        "multistep DPM-Solver needs an order of 1 to 2, got 3",
        () -> new DpmSolverMultistep(DpmAlgorithm.SDE_DPM_SOLVER, 3, true, KEEP_ORDER));
    refuses("DDIM needs an eta in 0..1, got 1.5", () -> new Ddim(1.5));
    List<NoiseLevel> repeated =
        List.of(NoiseLevel.varianceExploding(2), NoiseLevel.varianceExploding(2), NoiseLevel.CLEAN);
    refuses(
        "LMS needs different sigmas, but this schedule of 2 steps repeats sigma 2.0; use fewer steps or a smaller"
            + " steps_offset",
        () -> solve(new Lms(2), SigmaSchedule.of(new double[] {1, 1}, repeated)));
    List<NoiseLevel> rising =
        List.of(NoiseLevel.variancePreserving(1), NoiseLevel.variancePreserving(2));
    refuses(
        "an SDE solver needs descending sigmas, but this schedule rises to sigma 0.8944271909999159; set"
            + " final_sigmas_type to zero, use fewer steps or an ODE solver",
        () -> solve(
            new DpmSolverMultistep(DpmAlgorithm.SDE_DPM_SOLVER_PLUS_PLUS, 1, false, KEEP_ORDER),
            SigmaSchedule.of(new double[] {1}, rising)));
    IntFunction<NoiseLevel> levels = timestep -> NoiseLevel.CLEAN;
    refuses("TCD needs a gamma in 0..1, got -0.1", () -> new Tcd(-0.1, levels));
  }

  private static void solve(Solver solver, SigmaSchedule sigmaSchedule) {
    solver.solve(sigmaSchedule, new PlanBuilder(Prediction.SAMPLE::scaling, Clipping.NONE));
  }

  private static void refuses(String message, Executable making) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, making).getMessage());
  }
}
