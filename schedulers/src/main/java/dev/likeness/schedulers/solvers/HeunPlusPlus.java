package dev.likeness.schedulers.solvers;

import dev.likeness.schedulers.Call;
import dev.likeness.schedulers.Combination;
import dev.likeness.schedulers.PlanBuilder;
import dev.likeness.schedulers.SigmaSchedule;
import dev.likeness.schedulers.Solver;

/**
 * Heun's method with the derivatives of two further steps, weighted by the sigmas of these steps.
 * The method has order 1.
 *
 * <p>Each step except the last two needs three network calls. The second-to-last step needs two
 * calls, and the last step needs one. Source: {@code heunpp2} of ComfyUI and Stable Diffusion web
 * UI; there is no paper.
 *
 * @param churn the noise added before each step
 */
public record HeunPlusPlus(Churn churn) implements Solver {
  @Override
  public Combination solve(SigmaSchedule sigmaSchedule, PlanBuilder draft) {
    Combination x = draft.start();
    double top = sigmaSchedule.start().sigma();
    for (int i = sigmaSchedule.first(); i <= sigmaSchedule.last(); i++) {
      Call begin = churn.call(x, sigmaSchedule, i, draft);
      double step = sigmaSchedule.next(i).sigma() - begin.level().sigma();
      Combination ahead = begin.sample().plus(begin.derivative().times(step));
      Combination slope = begin.derivative();
      int further = Math.min(2, sigmaSchedule.last() - i);
      for (int k = 1; k <= further; k++) {
        Call next = draft.call(ahead, sigmaSchedule.timestep(i + k), sigmaSchedule.at(i + k));
        double weight = sigmaSchedule.at(i + k).sigma() / ((further + 1) * top);
        slope = slope.plus(next.derivative().minus(begin.derivative()).times(weight));
        ahead = ahead.plus(next.derivative()
            .times(sigmaSchedule.next(i + k).sigma() - sigmaSchedule.at(i + k).sigma()));
      }
      x = begin.sample().plus(slope.times(step));
    }
    return x;
  }
}
