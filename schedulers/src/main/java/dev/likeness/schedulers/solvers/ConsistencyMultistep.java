package dev.likeness.schedulers.solvers;

import dev.likeness.schedulers.Call;
import dev.likeness.schedulers.Combination;
import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.PlanBuilder;
import dev.likeness.schedulers.SigmaSchedule;
import dev.likeness.schedulers.Solver;

/**
 * Consistency sampling without a boundary condition: each step adds fresh noise to the denoised
 * prediction.
 *
 * <p>Source: Song et al. 2023, arXiv:2303.01469, algorithm 1; diffusers
 * {@code FlowMatchLCMScheduler}, {@code ConsistencyDecoderScheduler}, and
 * {@code FlowMatchEulerDiscreteScheduler} with {@code stochastic_sampling}.
 *
 * @param noiseAtEnd true if the last step also takes noise from the random generator; at sigma 0,
 *     this noise does not change the sample
 */
public record ConsistencyMultistep(boolean noiseAtEnd) implements Solver {
  @Override
  public Combination solve(SigmaSchedule sigmaSchedule, PlanBuilder draft) {
    Combination x = draft.start();
    for (int i = sigmaSchedule.first(); i <= sigmaSchedule.last(); i++) {
      NoiseLevel next = sigmaSchedule.next(i);
      Call call = draft.call(x, sigmaSchedule.timestep(i), sigmaSchedule.at(i));
      x = call.denoised().times(next.alpha());
      if (i < sigmaSchedule.last() || noiseAtEnd) {
        x = x.plus(draft.noise().times(next.sigma()));
      }
    }
    return x;
  }

  /**
   * Multistep sampling of consistency models whose smallest sigma is above 0. Sampling ends at this
   * sigma.
   *
   * <p>Source: Song et al. 2023, arXiv:2303.01469, algorithm 1; diffusers
   * {@code CMStochasticIterativeScheduler}.
   *
   * @param minSigma the smallest sigma of the model
   * @param noiseScale the factor that multiplies all fresh noise, usually 1
   */
  public record ConsistencyIterative(double minSigma, double noiseScale) implements Solver {
    @Override
    public Combination solve(SigmaSchedule sigmaSchedule, PlanBuilder draft) {
      Combination x = draft.start();
      for (int i = sigmaSchedule.first(); i <= sigmaSchedule.last(); i++) {
        Call call = draft.call(x, sigmaSchedule.timestep(i), sigmaSchedule.at(i));
        double next = Math.max(sigmaSchedule.next(i).sigma(), minSigma);
        x = call.denoised();
        if (sigmaSchedule.size() > 1) {
          x = x.plus(
              draft.noise().times(noiseScale * Math.sqrt(next * next - minSigma * minSigma)));
        }
      }
      return x;
    }
  }
}
