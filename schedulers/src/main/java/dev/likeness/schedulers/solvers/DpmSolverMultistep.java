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
 * Multistep DPM-Solver and DPM-Solver++, order 1 to 3, as ODE or SDE.
 *
 * <p>Source: Lu et al. 2022, arXiv:2206.00927 (noise prediction) and arXiv:2211.01095, equations 10
 * to 12 and algorithm 2 (data prediction); diffusers {@code DPMSolverMultistepScheduler}. As in the
 * authors' code and diffusers, order 3 weights the second difference with half of the exact factor.
 * With {@code order} 3, the error therefore falls only with the square of the step size, but is
 * smaller than with {@code order} 2.
 *
 * @param algorithm the variant, which extrapolates the denoised prediction or the predicted noise,
 *     with or without fresh noise
 * @param order the highest order, 1 to 3; at most 2 for {@link DpmAlgorithm#SDE_DPM_SOLVER}
 * @param heun true if order 2 uses Heun's rule, false if it uses the midpoint rule
 * @param finalOrder the rule by which the order falls near the end of the sigma schedule
 */
public record DpmSolverMultistep(
    DpmAlgorithm algorithm, int order, boolean heun, FinalOrder finalOrder) implements Solver {
  /**
   * Checks that the algorithm supports the order.
   *
   * @throws IllegalArgumentException if the order is not 1 to 3, or if it is 3 for
   *     {@link DpmAlgorithm#SDE_DPM_SOLVER}
   */
  public DpmSolverMultistep {
    int highest = algorithm == DpmAlgorithm.SDE_DPM_SOLVER ? 2 : 3;
    if (order < 1 || order > highest) {
      throw new IllegalArgumentException(
          "multistep DPM-Solver needs an order of 1 to " + highest + ", got " + order);
    }
  }

  @Override
  public Combination solve(SigmaSchedule sigmaSchedule, PlanBuilder draft) {
    Combination x = draft.start();
    List<Combination> m = new ArrayList<>();
    for (int i = sigmaSchedule.first(); i <= sigmaSchedule.last(); i++) {
      Call call = draft.call(x, sigmaSchedule.timestep(i), sigmaSchedule.at(i));
      m.add(0, algorithm.predictsX0() ? call.denoised() : call.epsilon());
      Combination noise = algorithm.isStochastic() ? draft.noise() : Combination.ZERO;
      int now = finalOrder.orderAt(sigmaSchedule, i, Math.min(order, m.size()));
      x = step(call.sample(), m, noise, sigmaSchedule, i, now);
    }
    return x;
  }

  private Combination step(
      Combination x,
      List<Combination> m,
      Combination noise,
      SigmaSchedule sigmaSchedule,
      int i,
      int now) {
    NoiseLevel s = sigmaSchedule.at(i);
    NoiseLevel t = sigmaSchedule.next(i);
    double h = t.lambda() - s.lambda();
    Combination d0 = m.get(0);
    Combination d1 = Combination.ZERO;
    Combination d2 = Combination.ZERO;
    if (now >= 2 && h != 0) {
      double r0 = (s.lambda() - sigmaSchedule.at(i - 1).lambda()) / h;
      Combination d10 = d0.minus(m.get(1)).over(r0);
      d1 = d10;
      if (now == 3) {
        double r1 = (sigmaSchedule.at(i - 1).lambda() - sigmaSchedule.at(i - 2).lambda()) / h;
        Combination d11 = m.get(1).minus(m.get(2)).over(r1);
        d1 = d10.plus(d10.minus(d11).times(r0 / (r0 + r1)));
        d2 = d10.minus(d11).over(r0 + r1);
      }
    }
    boolean midpoint = !heun && now < 3;
    return algorithm
        .step(s, t, h, midpoint, x, d0, d1, d2)
        .plus(noise.times(algorithm.noiseFactor(t, h)));
  }

  /**
   * The rule by which a multistep solver lowers its order near the end of the sigma schedule, as in
   * diffusers' DPM-Solver.
   *
   * @param eulerAtFinal true if the last step always has order 1
   * @param lowerOrderFinal true if schedules of fewer than 15 steps end with orders 2 and 1
   */
  public record FinalOrder(boolean eulerAtFinal, boolean lowerOrderFinal) {
    // From diffusers' DPMSolverMultistepScheduler.step.
    private static final int FEW_STEPS = 15;

    /**
     * Returns the order of step i.
     *
     * @param possible the highest order that the history allows
     */
    int orderAt(SigmaSchedule sigmaSchedule, int i, int possible) {
      boolean lower = lowerOrderFinal && sigmaSchedule.size() < FEW_STEPS;
      if (i == sigmaSchedule.last() && (eulerAtFinal || lower)) {
        return 1;
      }
      return i == sigmaSchedule.last() - 1 && lower ? Math.min(2, possible) : possible;
    }
  }
}
