package dev.likeness.schedulers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.likeness.schedulers.internal.Sigmas;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.Test;

/**
 * What every solver does, whatever its algorithm; a test class implements this with one solver.
 *
 * <p>The problem is a Gaussian, whose denoiser and whose probability-flow ODE have closed forms:
 * for data of mean m and deviation s the denoised sample is {@code m + alpha s^2 (x - alpha m) /
 * (alpha^2 s^2 + sigma^2)}, and on the ODE {@code (x - alpha m) / sqrt(alpha^2 s^2 + sigma^2)}
 * never changes.
 */
public interface SolverContract {
  /** The mean of the data. */
  double MEAN = 0.4;
  /** The deviation of the data. */
  double DEVIATION = 0.7;

  /** The solver for a schedule of these sigmas, of which the last is the end. */
  Solver solver(double[] sigmas);

  /** The level of a sigma in the solver's form; k-diffusion's by default. */
  default NoiseLevel level(double sigma) {
    return NoiseLevel.varianceExploding(sigma);
  }

  /** What the network is told at a sigma; the sigma itself by default. */
  default double timestep(double sigma) {
    return sigma;
  }

  /** What the network answers; the denoised sample by default. */
  default Prediction prediction() {
    return Prediction.SAMPLE;
  }

  /** The schedule of these sigmas; one row for each step by default. */
  default SigmaSchedule sigmaSchedule(double[] sigmas) {
    double[] timesteps =
        Arrays.stream(sigmas).limit(sigmas.length - 1L).map(this::timestep).toArray();
    return SigmaSchedule.of(
        timesteps,
        Arrays.stream(sigmas)
            .mapToObj(sigma -> sigma == 0 ? NoiseLevel.CLEAN : level(sigma))
            .toList());
  }

  /** The order without noise; 0 for solvers that always add some. */
  int order();

  /** Whether a schedule that ends without noise ends in the newest denoised prediction. */
  default boolean endsAtZero() {
    return true;
  }

  /** The fewest steps of a schedule. */
  default int minSteps() {
    return 1;
  }

  /**
   * How large a sample may grow in a run of steps of any size; the noise of some SDEs grows with
   * the step.
   */
  default double bound() {
    return 100;
  }

  @Test
  default void keepsAnImageThatTheNetworkReturns() {
    SamplingPlan plan = plan(12, 10, 0.01, endsAtZero());
    double[] image = {1.5};
    for (double[] answer : List.of(new double[] {1.5}, new double[] {-0.3})) {
      Step first = plan.steps().get(0);
      double[] x = NumericRun.of(plan, (level, sample) -> answer[0])
          .withoutNoise(first.level().alpha() * answer[0]);
      NoiseLevel end = endsAtZero() ? NoiseLevel.CLEAN : level(0.01);
      assertEquals(end.alpha() * answer[0], x[0], 1e-9 * Math.abs(image[0]));
    }
  }

  /**
   * Whether what is left of all noise, where the network always sees one image, is the noise of the
   * level.
   */
  default boolean keepsTheNoiseOfItsLevel() {
    return true;
  }

  @Test
  default void leavesAsMuchNoiseAsTheLevelHas() {
    assumeTrue(keepsTheNoiseOfItsLevel(), "its noise is not the level's");
    for (double[] sigmas : List.of(
        Sigmas.exponential(10, 0.5, 13), Sigmas.karras(6, 0.2, Math.max(5, minSteps() + 1)))) {
      SamplingPlan plan = plan(sigmas);
      NumericRun run = NumericRun.of(plan, (level, x) -> 0);
      double variance = Math.pow(run.withoutNoise(plan.initNoiseSigma())[0], 2);
      long draws =
          plan.steps().stream().filter(row -> row.update().needsNoise()).count();
      for (int draw = 0; draw < draws; draw++) {
        variance += Math.pow(run.withNoiseOfRow(draw)[0], 2);
      }
      assertEquals(
          level(sigmas[sigmas.length - 1]).sigma(),
          Math.sqrt(variance),
          1e-9,
          "of " + sigmas.length);
    }
  }

  @Test
  default void givesTheSameRowsEachTime() {
    double[] sigmas = Sigmas.exponential(10, 0.01, 10);
    Solver solver = solver(sigmas);
    SamplingPlan first = plan(solver, sigmas);
    plan(solver, Sigmas.exponential(3, 0.5, 10));
    assertEquals(first.toString(), plan(solver, sigmas).toString());
  }

  @Test
  default void endsInTheNewestDenoisedSampleWithoutNoise() {
    assumeTrue(endsAtZero(), "it does not end in a denoised sample");
    for (int steps : new int[] {Math.max(2, minSteps()), 5, 16}) {
      List<Step> rows = plan(steps, 10, 0.01, true).steps();
      Step.Update last = rows.get(rows.size() - 1).update();
      assertArrayEquals(new double[] {1}, trimmed(last.denoised()), 1e-12, "denoised of " + steps);
      assertArrayEquals(new double[0], trimmed(last.samples()), 1e-12, "samples of " + steps);
      assertArrayEquals(new double[0], trimmed(last.noise()), 1e-12, "noise of " + steps);
    }
  }

  @Test
  default void staysFiniteForAnyNumberOfSteps() {
    for (int steps : new int[] {1, 2, 3, 4, 7, 15, 50, 333, 1000}) {
      if (steps >= minSteps()) {
        SamplingPlan plan = plan(steps, 14.6, 0.03, endsAtZero());
        double[] x = NumericRun.of(plan, SolverContract::denoised).withNoise(10);
        assertTrue(
            Double.isFinite(x[0]) && Math.abs(x[0]) < bound(), steps + " steps end at " + x[0]);
      }
    }
  }

  @Test
  default void shrinksItsErrorByItsOrder() {
    assumeTrue(order() > 0, "it always adds noise");
    double coarse = error(48);
    double fine = error(96);
    double measured = Math.log(coarse / fine) / Math.log((96.0 - order()) / (48 - order()));
    assertTrue(
        measured > order() - 0.3, "order " + measured + ", errors " + coarse + " and " + fine);
  }

  private double error(int steps) {
    return Math.max(error(steps, 20, 0.2), Math.max(error(steps, 8, 0.5), error(steps, 3, 0.1)));
  }

  private double error(int steps, double max, double min) {
    double[] sigmas = gradualStart(steps, max, min);
    NoiseLevel top = level(max);
    NoiseLevel bottom = level(min);
    double start = top.alpha() * 0.9 + top.sigma() * 1.1;
    double exact =
        bottom.alpha() * MEAN + (start - top.alpha() * MEAN) * spread(bottom) / spread(top);
    return Math.abs(
        NumericRun.of(plan(sigmas), SolverContract::denoised).withoutNoise(start)[0] - exact);
  }

  /**
   * Even in log sigma but for the first steps, as many as the order, which are of the square of
   * that size: a multistep method begins with low orders, whose error would hide its own.
   */
  private double[] gradualStart(int steps, double max, double min) {
    double span = Math.log(max / min);
    double gentle = Math.pow(span / steps, 2);
    double even = (span - order() * gentle) / (steps - order());
    double[] sigmas = new double[steps + 1];
    double log = Math.log(max);
    for (int i = 0; i <= steps; i++) {
      sigmas[i] = Math.exp(log);
      log -= i < order() ? gentle : even;
    }
    return sigmas;
  }

  private static double denoised(NoiseLevel level, double x) {
    double variance = spread(level) * spread(level);
    return MEAN + level.alpha() * DEVIATION * DEVIATION * (x - level.alpha() * MEAN) / variance;
  }

  private static double spread(NoiseLevel level) {
    return Math.hypot(level.alpha() * DEVIATION, level.sigma());
  }

  private static double[] trimmed(double[] factors) {
    int length = factors.length;
    while (length > 0 && Math.abs(factors[length - 1]) < 1e-12) {
      length--;
    }
    return Arrays.copyOf(factors, length);
  }

  private SamplingPlan plan(int steps, double max, double min, boolean toClean) {
    return plan(
        toClean
            ? Arrays.copyOf(Sigmas.exponential(max, min, steps), steps + 1)
            : Sigmas.exponential(max, min, steps + 1));
  }

  private SamplingPlan plan(double[] sigmas) {
    return plan(solver(sigmas), sigmas);
  }

  private SamplingPlan plan(Solver solver, double[] sigmas) {
    var draft = new PlanBuilder(prediction()::scaling, Clipping.NONE);
    List<Step> rows = draft.build(solver.solve(sigmaSchedule(sigmas), draft));
    return new SamplingPlan(
        rows, new SamplingPlan.Start(1, 0), draft.startNoise(level(sigmas[0]).sigma()));
  }

  /** A denoiser that is told the level itself. */
  @FunctionalInterface
  interface Denoiser {
    /** The denoised sample. */
    double denoised(NoiseLevel level, double x);
  }

  /** A plan for one number, run with a denoiser in place of a network. */
  record NumericRun(SamplingPlan plan, Denoiser denoiser) {
    static NumericRun of(SamplingPlan plan, Denoiser denoiser) {
      return new NumericRun(plan, denoiser);
    }

    /** The result with all noise silent. */
    double[] withoutNoise(double first) {
      return sample(first, 0);
    }

    /** The result with noise that alternates between -1 and 1. */
    double[] withNoise(double first) {
      return sample(first, 1);
    }

    /** The result with one draw of noise of 1 and nothing else. */
    double[] withNoiseOfRow(int loud) {
      return sample(0, draw -> draw == loud ? 1 : 0);
    }

    private double[] sample(double first, double loudness) {
      return sample(first, draw -> draw % 2 == 0 ? -loudness : loudness);
    }

    private double[] sample(double first, IntToDoubleFunction noise) {
      Iterator<Step> rows = plan.iterator();
      var draws = new ArrayList<Integer>();
      NumericSamplingLoop.Network network = (x, timestep) -> {
        Step row = rows.next();
        Step.Scaling c = row.scaling();
        double sample = x[0] / c.input();
        return new double[] {
          (denoiser.denoised(row.level(), sample) - c.skip() * sample) / c.output()
        };
      };
      return new NumericSamplingLoop(network, () -> {
            draws.add(1);
            return new double[] {noise.applyAsDouble(draws.size() - 1)};
          })
          .sample(new double[] {first}, plan);
    }
  }
}
