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
 * The diffusion exponential integrator in log rho, order 1 to 3: the noise is extrapolated by a
 * polynomial in the logarithm of rho = sigma / alpha and integrated over rho. Zhang and Chen 2023,
 * arXiv:2204.13902, equation 15; diffusers {@code DEISMultistepScheduler}.
 *
 * @param order the highest order, 1 to 3
 * @param end how the order falls towards the end
 */
public record Deis(int order, DpmSolverMultistep.FinalOrder end) implements Solver {
  /** Refuses an order outside 1 to 3. */
  public Deis {
    if (order < 1 || order > 3) {
      throw new IllegalArgumentException("DEIS needs an order of 1 to 3, got " + order);
    }
  }

  @Override
  public Combination solve(SigmaSchedule ladder, PlanBuilder draft) {
    Combination x = draft.start();
    List<Combination> eps = new ArrayList<>();
    for (int i = ladder.first(); i <= ladder.last(); i++) {
      Call call = draft.call(x, ladder.timestep(i), ladder.at(i));
      eps.add(0, call.eps());
      int now = end.orderAt(ladder, i, Math.min(order, eps.size()));
      x = call.x().over(ladder.at(i).alpha());
      double[] weights = weights(ladder, i, now);
      for (int k = 0; k < now; k++) {
        x = x.plus(eps.get(k).times(weights[k]));
      }
      x = x.times(ladder.next(i).alpha());
    }
    return x;
  }

  /**
   * The integrals over rho of the Lagrange polynomials in log rho through the last {@code count}
   * levels.
   */
  private static double[] weights(SigmaSchedule ladder, int i, int count) {
    NoiseLevel t = ladder.next(i);
    if (count == 1) {
      return new double[] {t.ratio() - ladder.at(i).ratio()};
    }
    double[] weights = ExponentialLagrange.weights(ladder, i, i, count, -1);
    Arrays.setAll(weights, k -> -t.ratio() * weights[k]);
    return weights;
  }
}
