package dev.likeness.schedulers.solvers;

import dev.likeness.schedulers.Call;
import dev.likeness.schedulers.Combination;
import dev.likeness.schedulers.Draft;
import dev.likeness.schedulers.Ladder;
import dev.likeness.schedulers.Solver;

/**
 * Ancestral Euler steps for rectified flow: down past the next level, then signal and noise are brought back to it.
 * ComfyUI {@code sample_euler_ancestral_RF}, diffusers {@code LTXEulerAncestralRFScheduler}; order 1, stochastic.
 *
 * @param eta how far past the next level each step goes, 0 for plain Euler steps
 * @param noiseScale a factor of all noise, mostly 1
 */
public record FlowEulerAncestral(double eta, double noiseScale) implements Solver {
  // Keeps a level without signal from dividing by zero, as the references do.
  private static final double LEAST = 1e-12;

  @Override public Combination solve(Ladder ladder, Draft draft) {
    Combination x = draft.start();
    for (int i = ladder.first(); i <= ladder.last(); i++) {
      double sigma = ladder.at(i).sigma();
      double next = ladder.next(i).sigma();
      Call call = draft.call(x, ladder.timestep(i), ladder.at(i));
      double down = next * (1 + (next / sigma - 1) * eta);
      double keep = down / sigma;
      x = call.x().times(keep).plus(call.denoised().times(1 - keep));
      if (next > 0 && eta > 0 && noiseScale > 0) {
        double alpha = 1 - next;
        double alphaDown = 1 - down;
        double up = next * next - down * down * alpha * alpha / (alphaDown * alphaDown + LEAST);
        x = x.times(alpha / (alphaDown + LEAST)).plus(draft.noise().times(Math.sqrt(Math.max(0, up)) * noiseScale));
      }
    }
    return x;
  }
}
