package dev.likeness.schedulers.solvers;

import dev.likeness.schedulers.Call;
import dev.likeness.schedulers.Combination;
import dev.likeness.schedulers.PlanBuilder;
import dev.likeness.schedulers.SigmaSchedule;
import dev.likeness.schedulers.Solver;

/**
 * Euler steps along a slope that is pushed past the last one, away from where it was; order 1, one
 * call a step. Permenter and Yuan 2024, arXiv:2306.04848, algorithm 2; ComfyUI
 * {@code gradient_estimation} and, with CFG++ (arXiv:2406.08070),
 * {@code gradient_estimation_cfg_pp}.
 *
 * @param gamma how far the slope is pushed: 1 is Euler's method, 2 the paper's choice
 * @param plusPlus whether slopes are those without guidance, from the guided prediction on
 */
public record GradientEstimation(double gamma, boolean plusPlus) implements Solver {
  @Override
  public Combination solve(SigmaSchedule ladder, PlanBuilder draft) {
    Combination x = draft.start();
    Combination last = Combination.ZERO;
    for (int i = ladder.first(); i <= ladder.last(); i++) {
      double step = ladder.next(i).sigma() - ladder.at(i).sigma();
      Call call = draft.call(x, ladder.timestep(i), ladder.at(i));
      Combination slope =
          plusPlus ? call.x().minus(call.unguided()).over(call.level().sigma()) : call.slope();
      Combination begin =
          plusPlus ? call.x().plus(call.denoised()).minus(call.unguided()) : call.x();
      x = begin.plus(slope.times(step));
      if (i > ladder.first() && ladder.next(i).sigma() > 0) {
        x = x.plus(slope.minus(last).times((gamma - 1) * step));
      }
      last = slope;
    }
    return x;
  }
}
