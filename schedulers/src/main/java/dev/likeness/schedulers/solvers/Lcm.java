package dev.likeness.schedulers.solvers;

import dev.likeness.schedulers.Call;
import dev.likeness.schedulers.Combination;
import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.PlanBuilder;
import dev.likeness.schedulers.SigmaSchedule;
import dev.likeness.schedulers.Solver;

/**
 * Multistep consistency sampling of latent consistency models. Each step predicts the clean image.
 * All steps except the last then add noise to it.
 *
 * <p>Source: Luo et al. 2023, arXiv:2310.04378, algorithm 3 and appendix C; diffusers
 * {@code LCMScheduler}.
 *
 * @param timestepScaling the factor of timesteps in the boundary condition (diffusers:
 *     {@code timestep_scaling})
 */
public record Lcm(double timestepScaling) implements Solver {
  /** The standard deviation of the data that diffusers' scheduler assumes. */
  private static final double SIGMA_DATA = 0.5;

  @Override
  public Combination solve(SigmaSchedule sigmaSchedule, PlanBuilder draft) {
    Combination x = draft.start();
    for (int i = sigmaSchedule.first(); i <= sigmaSchedule.last(); i++) {
      Call call = draft.call(x, sigmaSchedule.timestep(i), sigmaSchedule.at(i));
      double time = sigmaSchedule.timestep(i) * timestepScaling;
      double spread = time * time + SIGMA_DATA * SIGMA_DATA;
      x = call.denoised()
          .times(time / Math.sqrt(spread))
          .plus(call.sample().times(SIGMA_DATA * SIGMA_DATA / spread));
      if (i < sigmaSchedule.last()) {
        NoiseLevel next = sigmaSchedule.next(i);
        x = x.times(next.alpha()).plus(draft.noise().times(next.sigma()));
      }
    }
    return x;
  }
}
