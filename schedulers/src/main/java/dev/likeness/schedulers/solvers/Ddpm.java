package dev.likeness.schedulers.solvers;

import dev.likeness.schedulers.Call;
import dev.likeness.schedulers.Combination;
import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.PlanBuilder;
import dev.likeness.schedulers.SigmaSchedule;
import dev.likeness.schedulers.Solver;
import dev.likeness.schedulers.Step;

/**
 * Ancestral sampling of denoising diffusion probabilistic models, order 1, stochastic.
 *
 * <p>Source: Ho et al. 2020, arXiv:2006.11239, equations 6 and 7; diffusers {@code DDPMScheduler}.
 *
 * @param variance the rule that gives the variance of the fresh noise
 * @param minVariance the lower limit of the posterior's variance; diffusers uses 1e-20
 * @param noiseAtEnd true if the last step adds its noise; false if the last step takes noise from
 *     the random generator and discards it. A step at timestep 0 takes no noise in either case
 */
public record Ddpm(Variance variance, double minVariance, boolean noiseAtEnd) implements Solver {

  /** The variance of a step's fresh noise. */
  public enum Variance {
    /** The posterior's variance. */
    SMALL,
    /** The step's beta. */
    LARGE,
    /** The variance that the network predicts. */
    LEARNED,
    /** The network's output, in -1..1, interpolates log variances from small to large. */
    LEARNED_RANGE
  }

  @Override
  public Combination solve(SigmaSchedule sigmaSchedule, PlanBuilder draft) {
    Combination x = draft.start();
    for (int i = sigmaSchedule.first(); i <= sigmaSchedule.last(); i++) {
      NoiseLevel from = sigmaSchedule.at(i);
      NoiseLevel to = sigmaSchedule.next(i);
      double alpha = square(from.alpha() / to.alpha());
      double noise = square(from.sigma());
      double beta = noise - square(to.sigma()) * alpha; // 1 - alpha with less rounding
      Call call = draft.call(x, sigmaSchedule.timestep(i), from);
      x = call.denoised()
          .times(to.alpha() * beta / noise)
          .plus(call.sample().times(Math.sqrt(alpha) * square(to.sigma()) / noise));
      if (sigmaSchedule.timestep(i) > 0) {
        Combination fresh =
            noise(draft, Math.max(square(to.sigma()) / noise * beta, minVariance), beta);
        x = i < sigmaSchedule.last() || noiseAtEnd ? x.plus(fresh) : x;
      }
    }
    return x;
  }

  private Combination noise(PlanBuilder draft, double small, double large) {
    return switch (variance) {
      case SMALL -> draft.noise().times(Math.sqrt(small));
      case LARGE -> draft.noise().times(Math.sqrt(large));
      case LEARNED -> draft.noise(Step.LearnedVariance.DIRECT);
      case LEARNED_RANGE ->
        draft.noise(Step.LearnedVariance.range(Math.log(small), Math.log(large)));
    };
  }

  private static double square(double value) {
    return value * value;
  }
}
