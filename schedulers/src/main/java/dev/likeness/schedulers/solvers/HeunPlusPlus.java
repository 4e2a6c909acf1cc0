package dev.likeness.schedulers.solvers;

import dev.likeness.schedulers.Call;
import dev.likeness.schedulers.Combination;
import dev.likeness.schedulers.PlanBuilder;
import dev.likeness.schedulers.SigmaSchedule;
import dev.likeness.schedulers.Solver;

/**
 * Heun's method looking two steps ahead, each slope weighed by how much noise it was taken under;
 * order 1, three calls a step, two in the last but one and one in the last. No paper: ComfyUI's and
 * Stable Diffusion web UI's {@code heunpp2}.
 *
 * @param churn noise added before each step
 */
public record HeunPlusPlus(Churn churn) implements Solver {
  @Override
  public Combination solve(SigmaSchedule ladder, PlanBuilder draft) {
    Combination x = draft.start();
    double top = ladder.start().sigma();
    for (int i = ladder.first(); i <= ladder.last(); i++) {
      Call begin = churn.call(x, ladder, i, draft);
      double step = ladder.next(i).sigma() - begin.level().sigma();
      Combination ahead = begin.x().plus(begin.slope().times(step));
      Combination slope = begin.slope();
      int looks = Math.min(2, ladder.last() - i);
      for (int k = 1; k <= looks; k++) {
        Call next = draft.call(ahead, ladder.timestep(i + k), ladder.at(i + k));
        double weight = ladder.at(i + k).sigma() / ((looks + 1) * top);
        slope = slope.plus(next.slope().minus(begin.slope()).times(weight));
        ahead = ahead.plus(
            next.slope().times(ladder.next(i + k).sigma() - ladder.at(i + k).sigma()));
      }
      x = begin.x().plus(slope.times(step));
    }
    return x;
  }
}
