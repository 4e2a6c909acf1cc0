package dev.likeness.schedulers.solvers;

import dev.likeness.schedulers.Call;
import dev.likeness.schedulers.Combination;
import dev.likeness.schedulers.PlanBuilder;
import dev.likeness.schedulers.SigmaSchedule;
import dev.likeness.schedulers.Solver;

/**
 * Heun's method: an Euler step, then the same step with the mean of the slopes at both ends; order
 * 2, two calls a step and one in the last. Karras et al. 2022, arXiv:2206.00364, algorithm 2;
 * k-diffusion {@code sample_heun}, diffusers {@code HeunDiscreteScheduler} and
 * {@code FlowMatchHeunDiscreteScheduler}.
 *
 * @param churn noise added before each step
 */
public record Heun(Churn churn) implements Solver {
  /** Without churn. */
  public Heun() {
    this(Churn.NONE);
  }

  @Override
  public Combination solve(SigmaSchedule ladder, PlanBuilder draft) {
    Combination x = draft.start();
    for (int i = ladder.first(); i <= ladder.last(); i++) {
      Call begin = churn.call(x, ladder, i, draft);
      double step = ladder.next(i).sigma() - begin.level().sigma();
      x = begin.x().plus(begin.slope().times(step));
      if (i < ladder.last()) {
        Call end = draft.call(x, ladder.timestep(i + 1), ladder.next(i));
        x = begin.x().plus(begin.slope().plus(end.slope()).times(step / 2));
      }
    }
    return x;
  }
}
