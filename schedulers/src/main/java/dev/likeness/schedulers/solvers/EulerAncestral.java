package dev.likeness.schedulers.solvers;

import dev.likeness.schedulers.Call;
import dev.likeness.schedulers.Combination;
import dev.likeness.schedulers.Draft;
import dev.likeness.schedulers.Ladder;
import dev.likeness.schedulers.Solver;

/**
 * Euler steps that go further down than the next level and come back up with fresh noise, order 1, stochastic.
 * Song et al. 2021, arXiv:2011.13456, appendix F; diffusers {@code EulerAncestralDiscreteScheduler}.
 */
public final class EulerAncestral implements Solver {
  @Override public Combination solve(Ladder ladder, Draft draft) {
    Combination x = draft.start();
    for (int i = ladder.first(); i <= ladder.last(); i++) {
      double sigma = ladder.at(i).sigma();
      double next = ladder.next(i).sigma();
      double up = Math.sqrt(next * next * (sigma * sigma - next * next) / (sigma * sigma));
      double down = Math.sqrt(next * next - up * up);
      Call call = draft.call(x, ladder.timestep(i), ladder.at(i));
      x = call.x().plus(call.eps().times(down - sigma)).plus(draft.noise().times(up));
    }
    return x;
  }
}
