package dev.likeness.schedulers.solvers;

import dev.likeness.schedulers.Call;
import dev.likeness.schedulers.Combination;
import dev.likeness.schedulers.PlanBuilder;
import dev.likeness.schedulers.SigmaSchedule;
import dev.likeness.schedulers.Solver;

/**
 * Heun's method: an Euler step that is repeated with the mean of the derivatives at the start and
 * the end of the step. The method has order 2. Each step has two network calls, but the last step
 * has only one.
 *
 * <p>Source: Karras et al. 2022, arXiv:2206.00364, algorithm 2; k-diffusion {@code sample_heun},
 * diffusers {@code HeunDiscreteScheduler} and {@code FlowMatchHeunDiscreteScheduler}.
 *
 * @param churn the noise added before each step
 */
public record Heun(Churn churn) implements Solver {
  /** Creates the solver without churn. */
  public Heun() {
    this(Churn.NONE);
  }

  @Override
  public Combination solve(SigmaSchedule sigmaSchedule, PlanBuilder draft) {
    Combination x = draft.start();
    for (int i = sigmaSchedule.first(); i <= sigmaSchedule.last(); i++) {
      Call begin = churn.call(x, sigmaSchedule, i, draft);
      double step = sigmaSchedule.next(i).sigma() - begin.level().sigma();
      x = begin.sample().plus(begin.derivative().times(step));
      if (i < sigmaSchedule.last()) {
        Call end = draft.call(x, sigmaSchedule.timestep(i + 1), sigmaSchedule.next(i));
        x = begin.sample().plus(begin.derivative().plus(end.derivative()).times(step / 2));
      }
    }
    return x;
  }
}
