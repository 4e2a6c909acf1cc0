package dev.likeness.schedulers.solvers;

import dev.likeness.schedulers.Call;
import dev.likeness.schedulers.Combination;
import dev.likeness.schedulers.Draft;
import dev.likeness.schedulers.Ladder;
import dev.likeness.schedulers.Solver;

/**
 * Euler's method on the probability-flow ODE {@code dx/dsigma = (x - D) / sigma}, order 1; for flow levels the same line is
 * {@code x + (next - sigma) * velocity}.
 * Karras et al. 2022, arXiv:2206.00364, algorithm 1 without its second stage; diffusers
 * {@code EulerDiscreteScheduler}, {@code FlowMatchEulerDiscreteScheduler}.
 */
public final class Euler implements Solver {
  @Override public Combination solve(Ladder ladder, Draft draft) {
    Combination x = draft.start();
    for (int i = ladder.first(); i <= ladder.last(); i++) {
      Call call = draft.call(x, ladder.timestep(i), ladder.at(i));
      x = call.x().plus(call.slope().times(ladder.next(i).sigma() - ladder.at(i).sigma()));
    }
    return x;
  }
}
