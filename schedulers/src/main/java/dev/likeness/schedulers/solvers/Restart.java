package dev.likeness.schedulers.solvers;

import dev.likeness.schedulers.Call;
import dev.likeness.schedulers.Combination;
import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.PlanBuilder;
import dev.likeness.schedulers.SigmaSchedule;
import dev.likeness.schedulers.Solver;
import dev.likeness.schedulers.internal.Sigmas;
import java.util.function.DoubleUnaryOperator;

/**
 * Restart sampling with Heun's method. At a low sigma, the solver adds noise up to a higher sigma,
 * and samples from there to the low sigma again.
 *
 * <p>Source: Xu et al. 2023, arXiv:2306.14878, algorithm 1; the solver {@code Restart} of Stable
 * Diffusion web UI.
 *
 * @param low the sigma at which noise is added, at least 0; the nearest level of the schedule is
 *     used
 * @param high the sigma to which the added noise raises the sample, at least {@code low}; the
 *     nearest level of the schedule is used
 * @param steps the number of Heun steps of each repetition, on a Karras schedule; at least 1
 * @param restarts the number of repetitions, at least 0
 * @param timesteps maps a sigma to its timestep
 */
public record Restart(
    double low, double high, int steps, int restarts, DoubleUnaryOperator timesteps)
    implements Solver {
  /**
   * Checks the ranges.
   *
   * @throws IllegalArgumentException if a number is out of its range, infinite or NaN
   */
  public Restart {
    if (!(low >= 0 && high >= low && Double.isFinite(high)) || steps < 1 || restarts < 0) {
      throw new IllegalArgumentException("restart sampling needs 0 <= low <= high, at least 1 step"
          + " and at least 0 restarts, got low " + low + ", high " + high + ", steps " + steps
          + " and restarts " + restarts);
    }
  }

  @Override
  public Combination solve(SigmaSchedule sigmaSchedule, PlanBuilder draft) {
    int bottom = nearest(sigmaSchedule, low);
    int top = nearest(sigmaSchedule, high);
    Combination x = draft.start();
    for (int i = sigmaSchedule.first(); i <= sigmaSchedule.last(); i++) {
      double next = sigmaSchedule.next(i).sigma();
      x = heun(x, sigmaSchedule.at(i).sigma(), next, draft);
      if (i + 1 == bottom && top < bottom && top >= sigmaSchedule.first()) {
        double above = sigmaSchedule.at(top).sigma();
        double[] again = Sigmas.karras(above, next, steps + 1);
        for (int time = 0; time < restarts; time++) {
          x = x.plus(draft.noise().times(Math.sqrt(above * above - next * next)));
          for (int k = 0; k < steps; k++) {
            x = heun(x, again[k], again[k + 1], draft);
          }
        }
      }
    }
    return x;
  }

  private Combination heun(Combination x, double sigma, double next, PlanBuilder draft) {
    Call begin = draft.call(x, timesteps.applyAsDouble(sigma), NoiseLevel.varianceExploding(sigma));
    Combination straight = begin.sample().plus(begin.derivative().times(next - sigma));
    if (next == 0) {
      return straight;
    }
    Call end =
        draft.call(straight, timesteps.applyAsDouble(next), NoiseLevel.varianceExploding(next));
    return begin.sample().plus(begin.derivative().plus(end.derivative()).times((next - sigma) / 2));
  }

  private static int nearest(SigmaSchedule sigmaSchedule, double sigma) {
    int nearest = 0;
    for (int i = 1; i <= sigmaSchedule.last(); i++) {
      boolean nearer = Math.abs(sigmaSchedule.at(i).sigma() - sigma)
          < Math.abs(sigmaSchedule.at(nearest).sigma() - sigma);
      nearest = nearer ? i : nearest;
    }
    return nearest;
  }
}
