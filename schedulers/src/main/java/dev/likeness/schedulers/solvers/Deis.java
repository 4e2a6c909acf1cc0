package dev.likeness.schedulers.solvers;

import static java.lang.Math.log;

import dev.likeness.schedulers.Call;
import dev.likeness.schedulers.Combination;
import dev.likeness.schedulers.Draft;
import dev.likeness.schedulers.Ladder;
import dev.likeness.schedulers.Solver;
import java.util.ArrayList;
import java.util.List;

/**
 * The diffusion exponential integrator in log rho, order 1 to 3: the noise is extrapolated by a polynomial in the
 * logarithm of rho = sigma / alpha and integrated over rho.
 * Zhang and Chen 2023, arXiv:2204.13902, equation 15; diffusers {@code DEISMultistepScheduler}.
 *
 * @param order the highest order, 1 to 3
 * @param end how the order falls towards the end
 */
public record Deis(int order, OrderAtEnd end) implements Solver {
  /** Refuses an order outside 1 to 3. */
  public Deis {
    if (order < 1 || order > 3) {
      throw new IllegalArgumentException("DEIS needs an order of 1 to 3, got " + order);
    }
  }

  @Override public Combination solve(Ladder ladder, Draft draft) {
    Combination x = draft.start();
    List<Combination> eps = new ArrayList<>();
    for (int i = ladder.first(); i <= ladder.last(); i++) {
      Call call = draft.call(x, ladder.timestep(i), ladder.at(i));
      eps.add(0, call.eps());
      int now = end.orderAt(ladder, i, Math.min(order, eps.size()));
      double from = ladder.at(i).ratio();
      double to = ladder.next(i).ratio();
      double[] rho = new double[now];
      for (int k = 0; k < now; k++) {
        rho[k] = ladder.at(i - k).ratio();
      }
      x = call.x().over(ladder.at(i).alpha());
      for (int k = 0; k < now; k++) {
        x = x.plus(eps.get(k).times(integral(to, rho, k) - integral(from, rho, k)));
      }
      x = x.times(ladder.next(i).alpha());
    }
    return x;
  }

  /** The integral up to t over rho of the Lagrange polynomial in log rho that is 1 at the k-th of the rhos. */
  private static double integral(double t, double[] rho, int k) {
    double b = log(rho[k]);
    double x = log(t);
    return switch (rho.length) {
      case 1 -> t;
      case 2 -> {
        double c = log(rho[1 - k]);
        yield t * (x - c - 1) / (b - c);
      }
      default -> {
        double c = log(rho[(k + 1) % 3]);
        double d = log(rho[(k + 2) % 3]);
        yield t * (c * (d - x + 1) - d * x + d + x * x - 2 * x + 2) / ((b - c) * (b - d));
      }
    };
  }
}
