package dev.likeness.schedulers.solvers;

import dev.likeness.schedulers.Call;
import dev.likeness.schedulers.Combination;
import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.PlanBuilder;
import dev.likeness.schedulers.SigmaSchedule;
import dev.likeness.schedulers.Solver;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Diffusion exponential integrator (DEIS), order 1 to 3. In this class, rho is {@code sigma /
 * alpha}.
 *
 * <p>The solver extrapolates the predicted noise by a polynomial in log rho, and integrates this
 * polynomial over rho. Source: Zhang and Chen 2023, arXiv:2204.13902, equation 15; diffusers
 * {@code DEISMultistepScheduler}.
 *
 * @param order the highest order, 1 to 3
 * @param finalOrder the rule by which the order falls near the end of the sigma schedule
 */
public record Deis(int order, DpmSolverMultistep.FinalOrder finalOrder) implements Solver {
  /**
   * Checks that the order is 1 to 3.
   *
   * @throws IllegalArgumentException if the order is not 1 to 3
   */
  public Deis {
    if (order < 1 || order > 3) {
      throw new IllegalArgumentException("DEIS needs an order of 1 to 3, got " + order);
    }
  }

  @Override
  public Combination solve(SigmaSchedule sigmaSchedule, PlanBuilder draft) {
    Combination x = draft.start();
    List<Combination> eps = new ArrayList<>();
    for (int i = sigmaSchedule.first(); i <= sigmaSchedule.last(); i++) {
      Call call = draft.call(x, sigmaSchedule.timestep(i), sigmaSchedule.at(i));
      eps.add(0, call.epsilon());
      int now = finalOrder.orderAt(sigmaSchedule, i, Math.min(order, eps.size()));
      x = call.sample().over(sigmaSchedule.at(i).alpha());
      double[] weights = weights(sigmaSchedule, i, now);
      for (int k = 0; k < now; k++) {
        x = x.plus(eps.get(k).times(weights[k]));
      }
      x = x.times(sigmaSchedule.next(i).alpha());
    }
    return x;
  }

  /**
   * Returns the integrals over rho of the Lagrange polynomials in log rho through the last
   * {@code count} levels.
   */
  private static double[] weights(SigmaSchedule sigmaSchedule, int i, int count) {
    NoiseLevel t = sigmaSchedule.next(i);
    if (count == 1) {
      return new double[] {t.ratio() - sigmaSchedule.at(i).ratio()};
    }
    double[] weights = ExponentialLagrange.weights(sigmaSchedule, i, i, count, -1);
    Arrays.setAll(weights, k -> -t.ratio() * weights[k]);
    return weights;
  }
}
