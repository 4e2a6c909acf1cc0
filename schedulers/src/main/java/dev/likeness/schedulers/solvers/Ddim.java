package dev.likeness.schedulers.solvers;

import dev.likeness.schedulers.Call;
import dev.likeness.schedulers.Combination;
import dev.likeness.schedulers.Draft;
import dev.likeness.schedulers.Ladder;
import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.Scaling;
import dev.likeness.schedulers.Solver;

/**
 * Denoising diffusion implicit models, order 1; deterministic at eta 0, DDPM's posterior at eta 1.
 * Song et al. 2021, arXiv:2010.02502, equations 12 and 16; diffusers {@code DDIMScheduler}.
 *
 * @param eta the share of DDPM's fresh noise, in 0..1
 */
public record Ddim(double eta) implements Solver {
  /** Refuses an eta outside 0..1. */
  public Ddim {
    if (!(eta >= 0 && eta <= 1)) {
      throw new IllegalArgumentException("DDIM needs an eta in 0..1, got " + eta);
    }
  }

  @Override public Combination solve(Ladder ladder, Draft draft) {
    Combination x = draft.start();
    for (int i = ladder.first(); i <= ladder.last(); i++) {
      NoiseLevel next = ladder.next(i);
      if (ladder.at(i).sigma() == 0) {
        x = fromClean(x, next, ladder.timestep(i), draft);
        continue;
      }
      Call call = draft.call(x, ladder.timestep(i), ladder.at(i));
      double fresh = eta * posteriorDeviation(ladder.at(i), next);
      double direction = Math.sqrt(Math.max(0, next.sigma() * next.sigma() - fresh * fresh));
      x = call.denoised().times(next.alpha()).plus(call.rawEps().times(direction));
      if (eta > 0) {
        x = x.plus(draft.noise().times(fresh));
      }
    }
    return x;
  }

  /**
   * Inversion's first step: at a clean sample the network's answer, noise or v, is the noise, and D is the sample. One
   * row cannot hold both that answer and the sample clipped, so clipping costs a row more.
   */
  private static Combination fromClean(Combination x, NoiseLevel next, double timestep, Draft draft) {
    Combination clean = Combination.ZERO;
    Combination sample = x;
    if (draft.clips()) {
      Call clipping = draft.call(x, timestep, NoiseLevel.CLEAN, new Scaling(1, 1, 0));
      clean = clipping.denoised();
      sample = clipping.x();
    }
    Call call = draft.call(sample, timestep, NoiseLevel.CLEAN, new Scaling(1, 0, 1));
    return (draft.clips() ? clean : call.x()).times(next.alpha()).plus(call.raw().times(next.sigma()));
  }

  /** The standard deviation of DDPM's posterior between two variance-preserving levels (equation 16 at eta 1). */
  static double posteriorDeviation(NoiseLevel from, NoiseLevel to) {
    double ratio = from.alpha() / to.alpha();
    double beta = from.sigma() * from.sigma() - to.sigma() * to.sigma() * ratio * ratio;
    return to.sigma() / from.sigma() * Math.sqrt(Math.max(0, beta));
  }
}
