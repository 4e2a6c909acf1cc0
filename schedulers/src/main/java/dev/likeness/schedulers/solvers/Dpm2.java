package dev.likeness.schedulers.solvers;

import dev.likeness.schedulers.Call;
import dev.likeness.schedulers.Combination;
import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.PlanBuilder;
import dev.likeness.schedulers.SigmaSchedule;
import dev.likeness.schedulers.Solver;
import java.util.function.DoubleUnaryOperator;

/**
 * Midpoint method in log sigma, order 2. Each step has two network calls, but a step to sigma 0 has
 * only one.
 *
 * <p>Source: DPM-Solver-2, arXiv:2206.00927, algorithm 1; k-diffusion {@code sample_dpm_2},
 * diffusers {@code KDPM2DiscreteScheduler}.
 *
 * @param churn the noise added before each step
 * @param timesteps maps a sigma inside a step to the timestep for the network
 */
public record Dpm2(Churn churn, DoubleUnaryOperator timesteps) implements Solver {
  @Override
  public Combination solve(SigmaSchedule sigmaSchedule, PlanBuilder draft) {
    Combination x = draft.start();
    for (int i = sigmaSchedule.first(); i <= sigmaSchedule.last(); i++) {
      Call begin = churn.call(x, sigmaSchedule, i, draft);
      double sigma = begin.level().sigma();
      double middle = Math.sqrt(sigma * sigmaSchedule.next(i).sigma());
      x = begin.sample().plus(begin.derivative().times(middle - sigma));
      if (middle > 0) {
        Call halfway =
            draft.call(x, timesteps.applyAsDouble(middle), NoiseLevel.varianceExploding(middle));
        x = begin.sample().plus(halfway.derivative().times(sigmaSchedule.next(i).sigma() - sigma));
      }
    }
    return x;
  }
}
