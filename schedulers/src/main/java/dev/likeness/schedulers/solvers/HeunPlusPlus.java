package dev.likeness.schedulers.solvers;

import dev.likeness.schedulers.Call;
import dev.likeness.schedulers.Combination;
import dev.likeness.schedulers.PlanBuilder;
import dev.likeness.schedulers.SigmaSchedule;
import dev.likeness.schedulers.Solver;

/**
 * Heun's method over two further steps, with derivatives weighted by their sigma; order 1.
 *
 * <p>Three calls a step, two in the last but one and one in the last. There is no paper; ComfyUI's
 * and Stable Diffusion web UI's {@code heunpp2}.
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
      Combination ahead = begin.x().plus(begin.derivative().times(step));
      Combination slope = begin.derivative();
      int further = Math.min(2, sigmaSchedule.last() - i);
      for (int k = 1; k <= further; k++) {
        Call next = draft.call(ahead, sigmaSchedule.timestep(i + k), sigmaSchedule.at(i + k));
        double weight = sigmaSchedule.at(i + k).sigma() / ((further + 1) * top);
        slope = slope.plus(next.derivative().minus(begin.derivative()).times(weight));
        ahead = ahead.plus(next.derivative()
            .times(sigmaSchedule.next(i + k).sigma() - sigmaSchedule.at(i + k).sigma()));
      }
      x = begin.x().plus(slope.times(step));
    }
    return x;
  }
}
