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
 * Stochastic Adams solver (SA-Solver) with a predictor and a corrector. Tau says how much noise a
 * step adds: 0 is the ODE, 1 is DDPM's SDE.
 *
 * <p>Source: Xue et al. 2023, arXiv:2309.05019, equations 14 and 17 and algorithm 1; diffusers
 * {@code SASolverScheduler}, ComfyUI {@code sa_solver} and {@code sa_solver_pece}.
 *
 * @param predictorOrder the highest order of the predictor, 1 to 4
 * @param correctorOrder the highest order of the corrector, 1 to 4
 * @param predictX0 true to extrapolate the denoised prediction, false to extrapolate the predicted
 *     noise
 * @param lowerOrderFinal true to lower the orders near the end of the sigma schedule
 * @param usePece true if the network is also called on the corrected sample: each step except the
 *     first then has two calls
 * @param tau maps a timestep to the paper's tau at this timestep, at least 0
 */
public record SaSolver(
    int predictorOrder,
    int correctorOrder,
    boolean predictX0,
    boolean lowerOrderFinal,
    boolean usePece,
    DoubleUnaryOperator tau)
    implements Solver {
  /**
   * Checks that both orders are 1 to 4.
   *
   * @throws IllegalArgumentException if an order is not 1 to 4
   */
  public SaSolver {
    if (Math.min(predictorOrder, correctorOrder) < 1
        || Math.max(predictorOrder, correctorOrder) > 4) {
      throw new IllegalArgumentException(
          "SA-Solver needs a predictor and a corrector of order 1 to 4, got orders "
              + predictorOrder + " and " + correctorOrder);
    }
  }

  @Override
  public Combination solve(SigmaSchedule sigmaSchedule, PlanBuilder draft) {
    Combination next = draft.start();
    Combination predicted = Combination.ZERO;
    List<Combination> m = new ArrayList<>();
    int corrected = 0;
    double c = 1;
    for (int i = sigmaSchedule.first(); i <= sigmaSchedule.last(); i++) {
      Call call = draft.call(next, sigmaSchedule.timestep(i), sigmaSchedule.at(i));
      m.add(0, prediction(call));
      Combination x = call.sample();
      if (i > sigmaSchedule.first()) {
        x = call.unblended().minus(predicted).plus(drift(sigmaSchedule, i - 1, i, corrected, c, m));
        if (usePece) {
          call = draft.call(x, sigmaSchedule.timestep(i), sigmaSchedule.at(i));
          m.set(0, prediction(call));
          x = call.sample();
        }
      }
      if (sigmaSchedule.next(i).sigma() == 0) {
        return call.denoised();
      }
      int left = lowerOrderFinal ? sigmaSchedule.size() - i : Integer.MAX_VALUE - 1;
      corrected = Math.min(Math.min(correctorOrder, left + 1), m.size() + 1);
      double t = tau.applyAsDouble(sigmaSchedule.timestep(i));
      c = 1 + t * t;
      predicted =
          drift(sigmaSchedule, i, i, Math.min(Math.min(predictorOrder, left), m.size()), c, m);
      var stage = new SdeStage(sigmaSchedule.at(i), sigmaSchedule.next(i), t * t);
      x = x.times(
          predictX0
              ? stage.sampleFactor()
              : sigmaSchedule.next(i).alpha() / sigmaSchedule.at(i).alpha());
      next = x.plus(predicted)
          .plus(draft.noise().times(predictX0 ? stage.noiseFactor() : t * stage.epsNoiseFactor()));
    }
    return next;
  }

  private Combination prediction(Call call) {
    return predictX0 ? call.denoised() : call.epsilon();
  }

  /**
   * Returns the drift of step i, with the predictions of step {@code newest} and before
   * interpolated at their lambdas.
   */
  private Combination drift(
      SigmaSchedule sigmaSchedule, int i, int newest, int order, double c, List<Combination> m) {
    double[] weights =
        ExponentialLagrange.weights(sigmaSchedule, i, newest, order, predictX0 ? c : -1);
    if (predictX0 && order == 2) {
      // The authors' code weighs the slope by h/2 at order 2, which is stable with few steps.
      double h = sigmaSchedule.next(i).lambda() - sigmaSchedule.at(i).lambda();
      double between =
          sigmaSchedule.at(newest).lambda() - sigmaSchedule.at(newest - 1).lambda();
      double swap = (h * h / 2 - (h * c + Math.expm1(-c * h)) / (c * c)) / between;
      weights[0] += swap;
      weights[1] -= swap;
    }
    double scale =
        c * (predictX0 ? sigmaSchedule.next(i).alpha() : -sigmaSchedule.next(i).sigma());
    Combination sum = Combination.ZERO;
    for (int k = 0; k < order; k++) {
      sum = sum.plus(m.get(k).times(weights[k] * scale));
    }
    return sum;
  }
}
