package dev.likeness.schedulers.solvers;

import dev.likeness.schedulers.Call;
import dev.likeness.schedulers.Combination;
import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.PlanBuilder;
import dev.likeness.schedulers.SigmaSchedule;
import dev.likeness.schedulers.Sigmas;
import dev.likeness.schedulers.Solver;
import java.util.function.DoubleUnaryOperator;

/**
 * Heun's method that climbs back with fresh noise and walks the same stretch again, some times
 * over. Xu et al. 2023, arXiv:2306.14878, algorithm 1; after Stable Diffusion web UI's restart
 * sampler.
 *
 * @param low the sigma from which the run climbs back; the ladder's level nearest to it is taken
 * @param high the sigma that it climbs to; the ladder's level nearest to it is taken
 * @param steps the Heun steps of each repetition, on a Karras ladder of their own
 * @param times how often
 * @param timesteps what the network is told at a sigma of a repetition
 */
public record Restart(double low, double high, int steps, int times, DoubleUnaryOperator timesteps)
    implements Solver {
  @Override
  public Combination solve(SigmaSchedule ladder, PlanBuilder draft) {
    int bottom = nearest(ladder, low);
    int top = nearest(ladder, high);
    Combination x = draft.start();
    for (int i = ladder.first(); i <= ladder.last(); i++) {
      double next = ladder.next(i).sigma();
      x = heun(x, ladder.at(i).sigma(), next, draft);
      if (i + 1 == bottom && top < bottom && top >= ladder.first()) {
        double above = ladder.at(top).sigma();
        double[] again = Sigmas.karras(above, next, steps + 1);
        for (int time = 0; time < times; time++) {
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
    Call begin = draft.call(x, timesteps.applyAsDouble(sigma), NoiseLevel.exploding(sigma));
    Combination straight = begin.x().plus(begin.slope().times(next - sigma));
    if (next == 0) {
      return straight;
    }
    Call end = draft.call(straight, timesteps.applyAsDouble(next), NoiseLevel.exploding(next));
    return begin.x().plus(begin.slope().plus(end.slope()).times((next - sigma) / 2));
  }

  private static int nearest(SigmaSchedule ladder, double sigma) {
    int nearest = 0;
    for (int i = 1; i <= ladder.last(); i++) {
      boolean nearer =
          Math.abs(ladder.at(i).sigma() - sigma) < Math.abs(ladder.at(nearest).sigma() - sigma);
      nearest = nearer ? i : nearest;
    }
    return nearest;
  }
}
