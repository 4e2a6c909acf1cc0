package dev.likeness.schedulers.solvers;

import static java.lang.Math.exp;
import static java.lang.Math.expm1;
import static java.lang.Math.sqrt;

import dev.likeness.schedulers.Call;
import dev.likeness.schedulers.Combination;
import dev.likeness.schedulers.Draft;
import dev.likeness.schedulers.Ladder;
import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.Solver;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleUnaryOperator;

/**
 * Stochastic Adams: a predictor and a corrector of any order on a family of SDEs, from the ODE at tau 0 to DDPM's at 1.
 * Xue et al. 2023, arXiv:2309.05019, equations 14 and 17 and algorithm 1; diffusers {@code SASolverScheduler}.
 *
 * @param predictorOrder the predictor's highest order, 1 to 4
 * @param correctorOrder the corrector's highest order, 1 to 4
 * @param data whether the denoised sample is extrapolated; the noise otherwise
 * @param lowersAtEnd whether the orders fall towards the end
 * @param tau how stochastic the step at a timestep is, at least 0
 */
public record SaSolver(int predictorOrder, int correctorOrder, boolean data, boolean lowersAtEnd,
    DoubleUnaryOperator tau) implements Solver {
  /** Refuses orders outside 1 to 4. */
  public SaSolver {
    if (Math.min(predictorOrder, correctorOrder) < 1 || Math.max(predictorOrder, correctorOrder) > 4) {
      throw new IllegalArgumentException("SA-Solver needs orders of 1 to 4, got " + predictorOrder + " and "
          + correctorOrder);
    }
  }

  @Override public Combination solve(Ladder ladder, Draft draft) {
    Combination next = draft.start();
    Combination drift = Combination.ZERO;
    Combination noise = Combination.ZERO;
    List<Combination> m = new ArrayList<>();
    double keep = 1;
    int corrected = 0;
    for (int i = ladder.first(); i <= ladder.last(); i++) {
      Call call = draft.call(next, ladder.timestep(i), ladder.at(i));
      m.add(0, data ? call.denoised() : call.eps());
      Combination x = call.x();
      if (i > ladder.first()) {
        Combination last = x.minus(drift).over(keep);
        x = last.times(keep).plus(step(ladder, i - 1, i, corrected, m)).plus(noise);
      }
      int left = lowersAtEnd ? ladder.size() - i : Integer.MAX_VALUE - 1;
      corrected = Math.min(Math.min(correctorOrder, left + 1), m.size() + 1);
      noise = draft.noise().times(noiseFactor(ladder, i));
      drift = step(ladder, i, i, Math.min(Math.min(predictorOrder, left), m.size()), m).plus(noise);
      keep = keep(ladder, i);
      next = x.times(keep).plus(drift);
    }
    return next;
  }

  private double keep(Ladder ladder, int i) {
    double t = tau.applyAsDouble(ladder.timestep(i));
    return data ? exp(-t * t * h(ladder, i)) * ladder.next(i).sigma() / ladder.at(i).sigma()
        : ladder.next(i).alpha() / ladder.at(i).alpha();
  }

  private double noiseFactor(Ladder ladder, int i) {
    double t = tau.applyAsDouble(ladder.timestep(i));
    double h = h(ladder, i);
    return ladder.next(i).sigma() * (data ? sqrt(-expm1(-2 * t * t * h)) : t * sqrt(expm1(2 * h)));
  }

  /** The drift of step i, with the predictions of step {@code newest} and before interpolated at their lambdas. */
  private Combination step(Ladder ladder, int i, int newest, int order, List<Combination> m) {
    NoiseLevel t = ladder.next(i);
    double c = 1 + tau.applyAsDouble(ladder.timestep(i)) * tau.applyAsDouble(ladder.timestep(i));
    double h = h(ladder, i);
    double[] places = new double[order];
    for (int k = 0; k < order; k++) {
      places[k] = ladder.at(newest - k).lambda() - t.lambda();
    }
    double[] weights = ExponentialLagrange.weights(places, data ? c : -1, h);
    if (data && order == 2) {
      double swap = (h * h / 2 - (h * c + expm1(-c * h)) / (c * c)) / (places[0] - places[1]);
      weights[0] += swap;
      weights[1] -= swap;
    }
    Combination sum = Combination.ZERO;
    for (int k = 0; k < order; k++) {
      sum = sum.plus(m.get(k).times(weights[k] * c * (data ? t.alpha() : -t.sigma())));
    }
    return sum;
  }

  private static double h(Ladder ladder, int i) {
    return ladder.next(i).lambda() - ladder.at(i).lambda();
  }
}
