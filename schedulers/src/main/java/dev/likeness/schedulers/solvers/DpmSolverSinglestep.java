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
 * Single-step DPM-Solver and DPM-Solver++, order 1 to 3. A step of order k starts at the sample
 * that was the network's input k - 1 calls earlier.
 *
 * <p>Source: Lu et al. 2022, arXiv:2206.00927, algorithms 1 and 2, and arXiv:2211.01095, algorithm
 * 1; diffusers {@code DPMSolverSinglestepScheduler}.
 *
 * @param algorithm the variant, which extrapolates the denoised prediction or the predicted noise,
 *     with or without fresh noise
 * @param orders the order of every step of the whole sigma schedule, 1 to 3
 * @param heun true if order 2 uses Heun's rule, false if it uses the midpoint rule
 */
public record DpmSolverSinglestep(DpmAlgorithm algorithm, List<Integer> orders, boolean heun)
    implements Solver {
  /**
   * Copies and checks the orders.
   *
   * @throws IllegalArgumentException if an order is not 1 to 3
   */
  public DpmSolverSinglestep {
    orders = List.copyOf(orders);
    if (orders.stream().anyMatch(order -> order < 1 || order > 3)) {
      throw new IllegalArgumentException(
          "orders of single-step DPM-Solver must be 1 to 3, got " + orders);
    }
  }

  @Override
  public Combination solve(SigmaSchedule sigmaSchedule, PlanBuilder draft) {
    if (sigmaSchedule.size() > orders.size()) {
      throw new IllegalArgumentException(
          "single-step DPM-Solver needs one order for each step of the sigma schedule, got orders "
              + orders + ", but the number of steps is " + sigmaSchedule.size());
    }
    Combination x = draft.start();
    Combination anchor = x;
    List<Combination> m = new ArrayList<>();
    for (int i = sigmaSchedule.first(); i <= sigmaSchedule.last(); i++) {
      Call call = draft.call(x, sigmaSchedule.timestep(i), sigmaSchedule.at(i));
      m.add(0, algorithm.predictsX0() ? call.denoised() : call.epsilon());
      int order = Math.min(orders.get(i), m.size());
      anchor = order == 1 ? call.sample() : anchor;
      NoiseLevel s = sigmaSchedule.at(i - order + 1);
      NoiseLevel t = sigmaSchedule.next(i);
      double h = t.lambda() - s.lambda();
      x = step(order, s, t, h, anchor, m, sigmaSchedule, i);
      if (algorithm.isStochastic()) {
        x = x.plus(draft.noise().times(algorithm.noiseFactor(t, h)));
      }
    }
    return x;
  }

  private Combination step(
      int order,
      NoiseLevel s,
      NoiseLevel t,
      double h,
      Combination x,
      List<Combination> m,
      SigmaSchedule sigmaSchedule,
      int i) {
    Combination d0 = m.get(order - 1);
    if (order == 1) {
      return algorithm.step(s, t, h, true, x, d0, Combination.ZERO, Combination.ZERO);
    }
    double r0 = (sigmaSchedule.at(i).lambda() - s.lambda()) / h;
    Combination late = m.get(0).minus(d0).over(r0);
    if (order == 2) {
      return algorithm.step(s, t, h, !heun, x, d0, late, Combination.ZERO);
    }
    if (!heun) {
      return algorithm.step(s, t, h, false, x, d0, late, Combination.ZERO);
    }
    double r1 = (sigmaSchedule.at(i - 1).lambda() - s.lambda()) / h;
    Combination early = m.get(1).minus(d0).over(r1);
    Combination d1 = early.times(r0).minus(late.times(r1)).over(r0 - r1);
    Combination d2 = late.minus(early).times(2 / (r0 - r1));
    return algorithm.step(s, t, h, false, x, d0, d1, d2);
  }
}
