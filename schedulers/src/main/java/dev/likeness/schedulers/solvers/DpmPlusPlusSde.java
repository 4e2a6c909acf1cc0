package dev.likeness.schedulers.solvers;

import dev.likeness.schedulers.Call;
import dev.likeness.schedulers.Combination;
import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.PlanBuilder;
import dev.likeness.schedulers.SigmaSchedule;
import dev.likeness.schedulers.Solver;
import java.util.function.DoubleUnaryOperator;

/**
 * DPM-Solver++ as a stochastic single-step method of two stages. Each step has two network calls,
 * but a step to sigma 0 has only one.
 *
 * <p>Both stages use one Brownian path: the noise of the whole step contains the noise of the first
 * stage, and only the rest is fresh. The reference implementations take the path from torchsde's
 * Brownian tree. The random numbers of this class therefore differ from those of the reference
 * implementations, but have the same distribution. Source: arXiv:2211.01095; k-diffusion
 * {@code sample_dpmpp_sde}, diffusers {@code DPMSolverSDEScheduler}.
 *
 * @param eta the share of fresh noise, at least 0
 * @param noiseScale the factor that multiplies all fresh noise, usually 1
 * @param timesteps maps a sigma inside a step to the timestep for the network
 */
public record DpmPlusPlusSde(double eta, double noiseScale, DoubleUnaryOperator timesteps)
    implements Solver {
  @Override
  public Combination solve(SigmaSchedule sigmaSchedule, PlanBuilder draft) {
    Combination x = draft.start();
    for (int i = sigmaSchedule.first(); i <= sigmaSchedule.last(); i++) {
      double sigma = sigmaSchedule.at(i).sigma();
      double next = sigmaSchedule.next(i).sigma();
      Call begin = draft.call(x, sigmaSchedule.timestep(i), sigmaSchedule.at(i));
      if (next == 0) {
        x = begin.denoised();
        continue;
      }
      double middle = Math.sqrt(sigma * next);
      AncestralStep half = AncestralStep.of(sigma, middle, eta);
      Combination first = draft.noise();
      x = interpolate(begin.sample(), begin.denoised(), half.sigmaDown() / sigma)
          .plus(first.times(half.sigmaUp() * noiseScale));
      Call halfway =
          draft.call(x, timesteps.applyAsDouble(middle), NoiseLevel.varianceExploding(middle));
      AncestralStep whole = AncestralStep.of(sigma, next, eta);
      Combination path = first
          .times(Math.sqrt(sigma - middle))
          .plus(draft.noise().times(Math.sqrt(middle - next)));
      x = interpolate(begin.sample(), halfway.denoised(), whole.sigmaDown() / sigma)
          .plus(path.times(noiseScale * whole.sigmaUp() / Math.sqrt(sigma - next)));
    }
    return x;
  }

  private static Combination interpolate(Combination x, Combination denoised, double keep) {
    return x.times(keep).plus(denoised.times(1 - keep));
  }
}
