package dev.likeness.schedulers.solvers;

import dev.likeness.schedulers.Call;
import dev.likeness.schedulers.Combination;
import dev.likeness.schedulers.Draft;
import dev.likeness.schedulers.Ladder;
import dev.likeness.schedulers.Solver;

/**
 * Euler steps along a slope that is pushed past the last one, away from where it was; order 1, one call a step.
 * Permenter and Yuan 2024, arXiv:2306.04848, algorithm 2; ComfyUI {@code sample_gradient_estimation}.
 *
 * @param gamma how far the slope is pushed: 1 is Euler's method, 2 the paper's choice
 */
public record GradientEstimation(double gamma) implements Solver {
  @Override public Combination solve(Ladder ladder, Draft draft) {
    Combination x = draft.start();
    Combination last = Combination.ZERO;
    for (int i = ladder.first(); i <= ladder.last(); i++) {
      double step = ladder.next(i).sigma() - ladder.at(i).sigma();
      Call call = draft.call(x, ladder.timestep(i), ladder.at(i));
      x = call.x().plus(call.slope().times(step));
      if (i > ladder.first() && ladder.next(i).sigma() > 0) {
        x = x.plus(call.slope().minus(last).times((gamma - 1) * step));
      }
      last = call.slope();
    }
    return x;
  }
}
