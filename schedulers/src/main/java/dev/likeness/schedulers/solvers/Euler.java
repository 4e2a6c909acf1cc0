package dev.likeness.schedulers.solvers;

import dev.likeness.schedulers.Call;
import dev.likeness.schedulers.Combination;
import dev.likeness.schedulers.PlanBuilder;
import dev.likeness.schedulers.SigmaSchedule;
import dev.likeness.schedulers.Solver;

/**
 * Euler's method on the probability-flow ODE {@code dx/dsigma = (x - D) / sigma}, order 1.
 *
 * <p>For flow networks, a step computes {@code x + (next - sigma) * velocity}. Source: Karras et
 * al. 2022, arXiv:2206.00364, algorithm 2 without its second stage; k-diffusion
 * {@code sample_euler}, diffusers {@code EulerDiscreteScheduler},
 * {@code FlowMatchEulerDiscreteScheduler}.
 *
 * @param churn the noise added before each step
 */
public record Euler(Churn churn) implements Solver {
  /** Creates the solver without churn. */
  public Euler() {
    this(Churn.NONE);
  }

  @Override
  public Combination solve(SigmaSchedule sigmaSchedule, PlanBuilder draft) {
    Combination x = draft.start();
    for (int i = sigmaSchedule.first(); i <= sigmaSchedule.last(); i++) {
      Call call = churn.call(x, sigmaSchedule, i, draft);
      x = call.sample()
          .plus(call.derivative()
              .times(sigmaSchedule.next(i).sigma() - call.level().sigma()));
    }
    return x;
  }
}
