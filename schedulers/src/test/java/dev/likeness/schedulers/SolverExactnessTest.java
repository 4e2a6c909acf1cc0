package dev.likeness.schedulers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.schedulers.internal.Sigmas;
import dev.likeness.schedulers.solvers.ErSde;
import dev.likeness.schedulers.solvers.ResMultistep;
import dev.likeness.schedulers.solvers.Restart;
import dev.likeness.schedulers.solvers.Seeds2;
import dev.likeness.schedulers.solvers.Seeds3;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleFunction;
import java.util.function.DoubleUnaryOperator;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Compares steps of stochastic solvers, without their noise, with exact integrals. The predictions
 * depend on the noise level only, and are linear or quadratic in the solver's own variable.
 * Simpson's rule computes the integral that a step approximates.
 */
class SolverExactnessTest {
  private static final double[] SIGMAS = Sigmas.exponential(10, 0.2, 7);
  private static final double EXACT = 1e-9;
  private static final List<DoubleFunction<NoiseLevel>> FORMS = List.of(
      NoiseLevel::varianceExploding,
      NoiseLevel::variancePreserving,
      ratio -> NoiseLevel.flow(ratio / (1 + ratio)));

  /** The samples at each call, and the sample at the end of the last step. */
  private record Samples(List<NoiseLevel> levels, double[] samples) {
    /** The samples at the beginning and end of each step of {@code calls} calls. */
    double[] ofSteps(int calls) {
      return IntStream.range(0, (samples.length - 1) / calls + 1)
          .mapToDouble(i -> samples[i * calls])
          .toArray();
    }
  }

  private static Samples sample(
      Solver solver, List<NoiseLevel> levels, ToDoubleFunction<NoiseLevel> prediction) {
    SamplingPlan plan = plan(solver, levels);
    List<NoiseLevel> asked = new ArrayList<>();
    List<Double> samples = new ArrayList<>();
    double last = SolverContract.NumericRun.of(plan, (level, x) -> {
          asked.add(level);
          samples.add(x);
          return prediction.applyAsDouble(level);
        })
        .withoutNoise(3)[0];
    samples.add(last);
    return new Samples(asked, samples.stream().mapToDouble(Double::doubleValue).toArray());
  }

  private static SamplingPlan plan(Solver solver, List<NoiseLevel> levels) {
    double[] timesteps =
        levels.stream().limit(levels.size() - 1L).mapToDouble(NoiseLevel::sigma).toArray();
    PlanBuilder draft = new PlanBuilder(Prediction.SAMPLE::scaling, Clipping.NONE);
    List<Step> rows = draft.build(solver.solve(SigmaSchedule.of(timesteps, levels), draft));
    return new SamplingPlan(
        rows, new SamplingPlan.Start(1, 0), draft.startNoise(levels.get(0).sigma()));
  }

  private static List<NoiseLevel> levels(DoubleFunction<NoiseLevel> form) {
    return Arrays.stream(SIGMAS).mapToObj(form).toList();
  }

  /** Returns the integral of a function from {@code low} to {@code high}. */
  private static double integral(DoubleUnaryOperator of, double low, double high) {
    int parts = 400;
    double width = (high - low) / parts;
    double sum = of.applyAsDouble(low) + of.applyAsDouble(high);
    for (int i = 1; i < parts; i++) {
      sum += (i % 2 == 0 ? 2 : 4) * of.applyAsDouble(low + i * width);
    }
    return sum * width / 3;
  }

  /**
   * Cui et al. (2023), equation 14: {@code y = x / alpha} decays with phi, and the weight of the
   * prediction grows with the inverse of phi.
   */
  private static double extended(
      NoiseLevel from, NoiseLevel to, double x, DoubleUnaryOperator prediction) {
    double come = integral(
        log -> {
          double u = Math.exp(log);
          double root = Math.exp(Math.pow(u, 0.3));
          double phi = u * (root + 10);
          double slope = root + 10 + 0.3 * Math.pow(u, 0.3) * root;
          return prediction.applyAsDouble(u) * slope / (phi * phi) * u;
        },
        Math.log(to.ratio()),
        Math.log(from.ratio()));
    return to.alpha()
        * (phi(to.ratio()) / phi(from.ratio()) * x / from.alpha() + phi(to.ratio()) * come);
  }

  private static double phi(double u) {
    return u * (Math.exp(Math.pow(u, 0.3)) + 10);
  }

  @Test
  void erSdeOfTwoStagesFollowsAStraightPredictionFromItsSecondStepOn() {
    DoubleUnaryOperator straight = u -> 0.7 - 0.2 * u;
    for (DoubleFunction<NoiseLevel> form : FORMS) {
      List<NoiseLevel> levels = levels(form);
      for (int stages = 1; stages <= 3; stages++) {
        double[] x = sample(
                new ErSde(stages, 1), levels, level -> straight.applyAsDouble(level.ratio()))
            .samples;
        for (int i = 0; i < levels.size() - 1; i++) {
          double begin = levels.get(i).ratio();
          boolean foresees = stages > 1 && i > 0;
          double expected = extended(
              levels.get(i),
              levels.get(i + 1),
              x[i],
              foresees ? straight : u -> straight.applyAsDouble(begin));
          assertEquals(expected, x[i + 1], EXACT, stages + " stages, step " + i);
        }
      }
    }
  }

  /** The slope is that of the last two predictions, the curvature that of the last three. */
  @Test
  void erSdeOfThreeStagesFollowsTheBendOfAPredictionFromItsThirdStepOn() {
    double bend = 0.05;
    DoubleUnaryOperator bent = u -> 0.7 - 0.2 * u + bend * u * u;
    for (DoubleFunction<NoiseLevel> form : FORMS) {
      List<NoiseLevel> levels = levels(form);
      double[] x =
          sample(new ErSde(3, 1), levels, level -> bent.applyAsDouble(level.ratio())).samples;
      for (int i = 1; i < levels.size() - 1; i++) {
        double begin = levels.get(i).ratio();
        double slope = -0.2 + bend * (begin + levels.get(i - 1).ratio());
        double seen = i > 1 ? bend : 0;
        double expected = extended(
            levels.get(i),
            levels.get(i + 1),
            x[i],
            u ->
                bent.applyAsDouble(begin) + slope * (u - begin) + seen * (u - begin) * (u - begin));
        assertEquals(expected, x[i + 1], EXACT, "step " + i);
      }
    }
  }

  /**
   * Gonzalez et al. (2023), proposition 4.2: the solution of the SDE of this {@code eta}, without
   * its noise.
   */
  private static double exponential(
      NoiseLevel from, NoiseLevel to, double eta, double x, DoubleUnaryOperator prediction) {
    double end = to.lambda();
    double keep = to.sigma() / from.sigma() * Math.exp(-eta * (end - from.lambda()));
    return keep * x
        + to.alpha()
            * (1 + eta)
            * integral(
                at -> Math.exp(-(1 + eta) * (end - at)) * prediction.applyAsDouble(at),
                from.lambda(),
                end);
  }

  @ParameterizedTest
  @CsvSource({"1, 0", "1, 1", "0.5, 0", "0.5, 1", "0.3, 0.4"})
  void seeds2InAStraightLineFollowsAStraightPredictionFromTheFirstStep(double place, double eta) {
    DoubleUnaryOperator straight = lambda -> 0.7 - 0.2 * lambda;
    for (DoubleFunction<NoiseLevel> form : FORMS) {
      List<NoiseLevel> levels = levels(form);
      double[] x = sample(
              new Seeds2(place, true, eta, 1, form, sigma -> sigma),
              levels,
              level -> straight.applyAsDouble(level.lambda()))
          .ofSteps(2);
      for (int i = 0; i < levels.size() - 1; i++) {
        assertEquals(
            exponential(levels.get(i), levels.get(i + 1), eta, x[i], straight),
            x[i + 1],
            EXACT,
            "step " + i);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.4, 1})
  void seeds2UsesThePredictionOfTheMiddleForTheStep(double eta) {
    DoubleUnaryOperator straight = lambda -> 0.7 - 0.2 * lambda;
    for (DoubleFunction<NoiseLevel> form : FORMS) {
      List<NoiseLevel> levels = levels(form);
      double[] x = sample(
              new Seeds2(0.5, false, eta, 1, form, sigma -> sigma),
              levels,
              level -> straight.applyAsDouble(level.lambda()))
          .ofSteps(2);
      for (int i = 0; i < levels.size() - 1; i++) {
        double middle = (levels.get(i).lambda() + levels.get(i + 1).lambda()) / 2;
        double expected = exponential(
            levels.get(i), levels.get(i + 1), eta, x[i], at -> straight.applyAsDouble(middle));
        assertEquals(expected, x[i + 1], EXACT, "step " + i);
      }
    }
  }

  /**
   * The sample of the second call is extrapolated from one prediction, that of the third call and
   * of the end of the step from two.
   */
  @ParameterizedTest
  @ValueSource(doubles = {0, 0.4, 1})
  void seeds3FollowsAStraightPredictionToItsThirdCallAndToTheEndOfEachStep(double eta) {
    DoubleUnaryOperator straight = lambda -> 0.7 - 0.2 * lambda;
    for (DoubleFunction<NoiseLevel> form : FORMS) {
      List<NoiseLevel> levels = levels(form);
      Samples run = sample(
          new Seeds3(eta, 1, form, sigma -> sigma),
          levels,
          level -> straight.applyAsDouble(level.lambda()));
      for (int i = 0; i < levels.size() - 1; i++) {
        NoiseLevel begin = levels.get(i);
        double x = run.samples[3 * i];
        NoiseLevel second = run.levels.get(3 * i + 1);
        NoiseLevel third = run.levels.get(3 * i + 2);
        double step = levels.get(i + 1).lambda() - begin.lambda();
        assertEquals(begin.lambda() + step / 3, second.lambda(), EXACT);
        assertEquals(begin.lambda() + step * 2 / 3, third.lambda(), EXACT);
        double known = straight.applyAsDouble(begin.lambda());
        assertEquals(
            exponential(begin, second, eta, x, at -> known),
            run.samples[3 * i + 1],
            EXACT,
            "second call of step " + i);
        assertEquals(
            exponential(begin, third, eta, x, straight),
            run.samples[3 * i + 2],
            EXACT,
            "third call of step " + i);
        assertEquals(
            exponential(begin, levels.get(i + 1), eta, x, straight),
            run.samples[3 * i + 3],
            EXACT,
            "step " + i);
      }
    }
  }

  /**
   * The deterministic part of a step with noise ends below the step's own end. ComfyUI's
   * {@code res_multistep} assumes that the predictions are that far apart, so its line is too flat.
   * It is exact only without noise.
   */
  @ParameterizedTest
  @ValueSource(doubles = {0, 0.5, 1})
  void resMultistepFollowsALineInLogSigmaFromItsSecondStepOn(double eta) {
    DoubleUnaryOperator straight = log -> 0.7 - 0.2 * log;
    double[] x = sample(
            new ResMultistep(eta, 1, false),
            levels(NoiseLevel::varianceExploding),
            level -> straight.applyAsDouble(Math.log(level.sigma())))
        .samples;
    for (int i = 0; i < SIGMAS.length - 1; i++) {
      double begin = Math.log(SIGMAS[i]);
      double down = Math.log(down(SIGMAS[i], SIGMAS[i + 1], eta));
      double now = straight.applyAsDouble(begin);
      double slope = i == 0
          ? 0
          : (straight.applyAsDouble(Math.log(SIGMAS[i - 1])) - now)
              / (Math.log(SIGMAS[i - 1]) - Math.log(down(SIGMAS[i - 1], SIGMAS[i], eta)));
      double expected = Math.exp(down - begin) * x[i]
          + integral(log -> Math.exp(down - log) * (now + slope * (log - begin)), down, begin);
      assertEquals(expected, x[i + 1], EXACT, "step " + i);
    }
  }

  /**
   * Song et al. (2021): the level from which fresh noise of {@code eta} brings the sample back to
   * {@code next}.
   */
  private static double down(double sigma, double next, double eta) {
    double up = eta * next * Math.sqrt(1 - next * next / (sigma * sigma));
    return Math.sqrt(next * next - up * up);
  }

  /**
   * If the prediction is 0, Heun's method is exact: the sample is proportional to the noise level.
   */
  @Test
  void restartAddsNoiseAndSamplesTheSameIntervalAgain() {
    List<NoiseLevel> levels = DoubleStream.of(10, 5, 2, 1, 0.1, 0.05)
        .mapToObj(NoiseLevel::varianceExploding)
        .toList();
    Restart solver = new Restart(0.12, 1.9, 2, 2, sigma -> sigma);
    double middle = Sigmas.karras(2, 0.1, 3)[1];
    double[] again = {2, middle, middle, 0.1};
    List<Double> expected = new ArrayList<>(List.of(10.0, 5.0, 5.0, 2.0, 2.0, 1.0, 1.0, 0.1));
    for (int time = 0; time < 2; time++) {
      Arrays.stream(again).forEach(expected::add);
    }
    expected.addAll(List.of(0.1, 0.05));
    double[] asked = sample(solver, levels, level -> 0).levels.stream()
        .mapToDouble(NoiseLevel::sigma)
        .toArray();
    assertArrayEquals(expected.stream().mapToDouble(Double::doubleValue).toArray(), asked, EXACT);
    SolverContract.NumericRun noise =
        SolverContract.NumericRun.of(plan(solver, levels), (level, x) -> 0);
    double added = Math.sqrt(2 * 2 - 0.1 * 0.1);
    assertEquals(added * (0.1 / 2) * (0.1 / 2) * (0.05 / 0.1), noise.withNoiseOfRow(0)[0], EXACT);
    assertEquals(added * (0.1 / 2) * (0.05 / 0.1), noise.withNoiseOfRow(1)[0], EXACT);
    assertEquals(0, noise.withNoiseOfRow(2)[0], "a third draw");
  }
}
