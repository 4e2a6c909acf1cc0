package dev.likeness.schedulers.solvers;

import dev.likeness.schedulers.Call;
import dev.likeness.schedulers.Combination;
import dev.likeness.schedulers.PlanBuilder;
import dev.likeness.schedulers.SigmaSchedule;
import dev.likeness.schedulers.Solver;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleUnaryOperator;

/**
 * Stochastic Adams: a predictor and a corrector of any order on a family of SDEs, from the ODE at
 * tau 0 to DDPM's at 1. Xue et al. 2023, arXiv:2309.05019, equations 14 and 17 and algorithm 1;
 * diffusers {@code SASolverScheduler}, ComfyUI {@code sa_solver} and {@code sa_solver_pece}.
 *
 * @param predictorOrder the predictor's highest order, 1 to 4
 * @param correctorOrder the corrector's
 * @param data whether the denoised sample is extrapolated; the noise otherwise
 * @param lowersAtEnd whether the orders fall towards the end
 * @param asksAgain whether the network is asked about the corrected sample too, at two calls a step
 * @param tau how stochastic the step at a timestep is, at least 0
 */
public record SaSolver(
    int predictorOrder,
    int correctorOrder,
    boolean data,
    boolean lowersAtEnd,
    boolean asksAgain,
    DoubleUnaryOperator tau)
    implements Solver {
  /** Refuses orders outside 1 to 4. */
  public SaSolver {
    if (Math.min(predictorOrder, correctorOrder) < 1
        || Math.max(predictorOrder, correctorOrder) > 4) {
      throw new IllegalArgumentException(
          "SA-Solver needs orders of 1 to 4, got " + predictorOrder + " and " + correctorOrder);
    }
  }

  @Override
  public Combination solve(SigmaSchedule ladder, PlanBuilder draft) {
    Combination next = draft.start();
    Combination predicted = Combination.ZERO;
    List<Combination> m = new ArrayList<>();
    int corrected = 0;
    double c = 1;
    for (int i = ladder.first(); i <= ladder.last(); i++) {
      Call call = draft.call(next, ladder.timestep(i), ladder.at(i));
      m.add(0, prediction(call));
      Combination x = call.x();
      if (i > ladder.first()) {
        x = call.arrived().minus(predicted).plus(drift(ladder, i - 1, i, corrected, c, m));
        if (asksAgain) {
          call = draft.call(x, ladder.timestep(i), ladder.at(i));
          m.set(0, prediction(call));
          x = call.x();
        }
      }
      if (ladder.next(i).sigma() == 0) {
        return call.denoised();
      }
      int left = lowersAtEnd ? ladder.size() - i : Integer.MAX_VALUE - 1;
      corrected = Math.min(Math.min(correctorOrder, left + 1), m.size() + 1);
      double t = tau.applyAsDouble(ladder.timestep(i));
      c = 1 + t * t;
      predicted = drift(ladder, i, i, Math.min(Math.min(predictorOrder, left), m.size()), c, m);
      var stage = new SdeStage(ladder.at(i), ladder.next(i), t * t);
      x = x.times(data ? stage.keep() : ladder.next(i).alpha() / ladder.at(i).alpha());
      next = x.plus(predicted).plus(draft.noise().times(data ? stage.fresh() : t * stage.spread()));
    }
    return next;
  }

  private Combination prediction(Call call) {
    return data ? call.denoised() : call.eps();
  }

  /**
   * The drift of step i, with the predictions of step {@code newest} and before interpolated at
   * their lambdas.
   */
  private Combination drift(
      SigmaSchedule ladder, int i, int newest, int order, double c, List<Combination> m) {
    double[] weights = ExponentialLagrange.weights(ladder, i, newest, order, data ? c : -1);
    if (data && order == 2) {
      // The authors' second order weighs the slope by h/2, which stays stable in few steps.
      double h = ladder.next(i).lambda() - ladder.at(i).lambda();
      double between = ladder.at(newest).lambda() - ladder.at(newest - 1).lambda();
      double swap = (h * h / 2 - (h * c + Math.expm1(-c * h)) / (c * c)) / between;
      weights[0] += swap;
      weights[1] -= swap;
    }
    double scale = c * (data ? ladder.next(i).alpha() : -ladder.next(i).sigma());
    Combination sum = Combination.ZERO;
    for (int k = 0; k < order; k++) {
      sum = sum.plus(m.get(k).times(weights[k] * scale));
    }
    return sum;
  }
}
