package dev.likeness.schedulers.solvers;

import dev.likeness.schedulers.Call;
import dev.likeness.schedulers.Combination;
import dev.likeness.schedulers.PlanBuilder;
import dev.likeness.schedulers.SigmaSchedule;
import dev.likeness.schedulers.Solver;

/**
 * Euler steps along a derivative that is extrapolated from the last two derivatives. The method has
 * order 1 and one network call in each step.
 *
 * <p>Source: Permenter and Yuan 2024, arXiv:2306.04848, algorithm 2; ComfyUI
 * {@code gradient_estimation} and, with CFG++ (arXiv:2406.08070),
 * {@code gradient_estimation_cfg_pp}.
 *
 * @param gamma the factor of extrapolation: 1 gives Euler's method, 2 is the paper's choice
 * @param cfgPlusPlus true for CFG++: the step starts at the guided prediction and follows the
 *     unguided derivative
 */
public record GradientEstimation(double gamma, boolean cfgPlusPlus) implements Solver {
  @Override
  public Combination solve(SigmaSchedule sigmaSchedule, PlanBuilder draft) {
    Combination x = draft.start();
    Combination last = Combination.ZERO;
    for (int i = sigmaSchedule.first(); i <= sigmaSchedule.last(); i++) {
      double step = sigmaSchedule.next(i).sigma() - sigmaSchedule.at(i).sigma();
      Call call = draft.call(x, sigmaSchedule.timestep(i), sigmaSchedule.at(i));
      Combination slope = cfgPlusPlus
          ? call.sample().minus(call.unguided()).over(call.level().sigma())
          : call.derivative();
      Combination begin =
          cfgPlusPlus ? call.sample().plus(call.denoised()).minus(call.unguided()) : call.sample();
      x = begin.plus(slope.times(step));
      if (i > sigmaSchedule.first() && sigmaSchedule.next(i).sigma() > 0) {
        x = x.plus(slope.minus(last).times((gamma - 1) * step));
      }
      last = slope;
    }
    return x;
  }
}
