package dev.likeness.schedulers.solvers;

import dev.likeness.schedulers.Call;
import dev.likeness.schedulers.Combination;
import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.PlanBuilder;
import dev.likeness.schedulers.SigmaSchedule;
import dev.likeness.schedulers.Solver;

/**
 * Denoising diffusion implicit models (DDIM), order 1. With eta 0 it is deterministic; with eta 1
 * it samples DDPM's posterior.
 *
 * <p>Source: Song et al. 2021, arXiv:2010.02502, equations 12 and 16; diffusers
 * {@code DDIMScheduler}.
 *
 * @param eta the fresh noise in each step, as a share of DDPM's noise, 0..1
 */
public record Ddim(double eta) implements Solver {
  /**
   * Checks that eta is in 0..1.
   *
   * @throws IllegalArgumentException if eta is not in 0..1
   */
  public Ddim {
    if (!(eta >= 0 && eta <= 1)) {
      throw new IllegalArgumentException("DDIM needs an eta in 0..1, got " + eta);
    }
  }

  @Override
  public Combination solve(SigmaSchedule sigmaSchedule, PlanBuilder draft) {
    Combination x = draft.start();
    for (int i = sigmaSchedule.first(); i <= sigmaSchedule.last(); i++) {
      NoiseLevel next = sigmaSchedule.next(i);
      Call call = draft.call(x, sigmaSchedule.timestep(i), sigmaSchedule.at(i));
      // Inversion starts at a clean sample, where the output, epsilon or v, is the noise.
      Combination eps = sigmaSchedule.at(i).sigma() == 0 ? call.modelOutput() : call.rawEpsilon();
      double fresh = eta > 0 ? eta * posteriorStd(sigmaSchedule.at(i), next) : 0;
      double direction = Math.sqrt(Math.max(0, next.sigma() * next.sigma() - fresh * fresh));
      x = call.denoised().times(next.alpha()).plus(eps.times(direction));
      if (eta > 0) {
        x = x.plus(draft.noise().times(fresh));
      }
    }
    return x;
  }

  /**
   * Returns the standard deviation of DDPM's posterior between two variance-preserving levels
   * (equation 16 at eta 1).
   */
  static double posteriorStd(NoiseLevel from, NoiseLevel to) {
    double ratio = from.alpha() / to.alpha();
    double beta = from.sigma() * from.sigma() - to.sigma() * to.sigma() * ratio * ratio;
    return to.sigma() / from.sigma() * Math.sqrt(Math.max(0, beta));
  }
}
