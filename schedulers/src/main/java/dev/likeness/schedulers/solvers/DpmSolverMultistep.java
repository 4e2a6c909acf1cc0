package dev.likeness.schedulers.solvers;

import dev.likeness.schedulers.Call;
import dev.likeness.schedulers.Combination;
import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.PlanBuilder;
import dev.likeness.schedulers.SigmaSchedule;
import dev.likeness.schedulers.Solver;
import java.util.ArrayList;
import java.util.List;

/**
 * Multistep DPM-Solver and DPM-Solver++, order 1 to 3, as ODE or SDE. Lu et al. 2022,
 * arXiv:2206.00927 (noise prediction) and arXiv:2211.01095, equations 10 to 12 and algorithm 2
 * (data prediction); diffusers {@code DPMSolverMultistepScheduler}.
 *
 * <p>Order 3, as the authors' code and diffusers have it, weighs the second difference with half of
 * what a third order needs: its error is smaller than that of order 2, and shrinks as fast.
 *
 * @param algorithm what is extrapolated, and whether noise is added
 * @param order the highest order, 1 to 3
 * @param heun whether the second order uses Heun's rule; the midpoint rule otherwise
 * @param end how the order falls towards the end
 */
public record DpmSolverMultistep(DpmAlgorithm algorithm, int order, boolean heun, FinalOrder end)
    implements Solver {
  /** Refuses an order that the method does not have. */
  public DpmSolverMultistep {
    int highest = algorithm == DpmAlgorithm.NOISE_SDE ? 2 : 3;
    if (order < 1 || order > highest) {
      throw new IllegalArgumentException(
          "multistep DPM-Solver needs an order of 1 to " + highest + ", got " + order);
    }
  }

  @Override
  public Combination solve(SigmaSchedule ladder, PlanBuilder draft) {
    Combination x = draft.start();
    List<Combination> m = new ArrayList<>();
    for (int i = ladder.first(); i <= ladder.last(); i++) {
      Call call = draft.call(x, ladder.timestep(i), ladder.at(i));
      m.add(0, algorithm.predictsData() ? call.denoised() : call.eps());
      Combination noise = algorithm.stochastic() ? draft.noise() : Combination.ZERO;
      int now = end.orderAt(ladder, i, Math.min(order, m.size()));
      x = step(call.x(), m, noise, ladder, i, now);
    }
    return x;
  }

  private Combination step(
      Combination x, List<Combination> m, Combination noise, SigmaSchedule ladder, int i, int now) {
    NoiseLevel s = ladder.at(i);
    NoiseLevel t = ladder.next(i);
    double h = t.lambda() - s.lambda();
    Combination d0 = m.get(0);
    Combination d1 = Combination.ZERO;
    Combination d2 = Combination.ZERO;
    if (now >= 2 && h != 0) {
      double r0 = (s.lambda() - ladder.at(i - 1).lambda()) / h;
      Combination d10 = d0.minus(m.get(1)).over(r0);
      d1 = d10;
      if (now == 3) {
        double r1 = (ladder.at(i - 1).lambda() - ladder.at(i - 2).lambda()) / h;
        Combination d11 = m.get(1).minus(m.get(2)).over(r1);
        d1 = d10.plus(d10.minus(d11).times(r0 / (r0 + r1)));
        d2 = d10.minus(d11).over(r0 + r1);
      }
    }
    boolean midpoint = !heun && now < 3;
    return algorithm
        .step(s, t, h, midpoint, x, d0, d1, d2)
        .plus(noise.times(algorithm.noise(t, h)));
  }

  /**
   * How a multistep solver lowers its order near the end of its ladder, as diffusers' DPM-Solver
   * does.
   *
   * @param firstAtLast whether the last step is of order 1 whatever the ladder's length
   * @param lowerWhenShort whether ladders of fewer than 15 steps end with orders 2 and 1
   */
  public record FinalOrder(boolean firstAtLast, boolean lowerWhenShort) {
    private static final int SHORT = 15;

    /** The order of step i, given what the history allows. */
    int orderAt(SigmaSchedule ladder, int i, int possible) {
      boolean lower = lowerWhenShort && ladder.size() < SHORT;
      if (i == ladder.last() && (firstAtLast || lower)) {
        return 1;
      }
      return i == ladder.last() - 1 && lower ? Math.min(2, possible) : possible;
    }
  }
}
