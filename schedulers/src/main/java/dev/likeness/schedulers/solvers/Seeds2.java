package dev.likeness.schedulers.solvers;

import dev.likeness.schedulers.Call;
import dev.likeness.schedulers.Combination;
import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.PlanBuilder;
import dev.likeness.schedulers.SigmaSchedule;
import dev.likeness.schedulers.Solver;
import java.util.function.DoubleFunction;
import java.util.function.DoubleUnaryOperator;

/**
 * Stochastic exponential derivative-free solver (SEEDS) of two stages. Each step has two network
 * calls, but a step to sigma 0 has only one. Without noise, the solver has order 2.
 *
 * <p>Both stages use the same Brownian path. Source: Gonzalez et al. 2023, arXiv:2305.14267,
 * algorithm 3 for data prediction; ComfyUI {@code seeds_2}, and {@code exp_heun_2_x0} if {@code r}
 * is 1 and {@code eta} 0.
 *
 * @param r the position of the second network call in the step, on the scale of lambda = log(alpha
 *     / sigma): above 0 and at most 1
 * @param phi2 true if the step integrates the line through its two predictions; false if the whole
 *     step uses the value of this line in the middle of the step
 * @param eta the share of fresh noise, at least 0; 0 adds no noise
 * @param noiseScale the factor that multiplies all fresh noise, usually 1
 * @param levels maps a ratio {@code sigma / alpha} to its noise level
 * @param timesteps maps a sigma inside a step to the timestep for the network
 */
public record Seeds2(
    double r,
    boolean phi2,
    double eta,
    double noiseScale,
    DoubleFunction<NoiseLevel> levels,
    DoubleUnaryOperator timesteps)
    implements Solver {
  @Override
  public Combination solve(SigmaSchedule sigmaSchedule, PlanBuilder draft) {
    Combination x = draft.start();
    for (int i = sigmaSchedule.first(); i <= sigmaSchedule.last(); i++) {
      Call begin = draft.call(x, sigmaSchedule.timestep(i), sigmaSchedule.at(i));
      if (sigmaSchedule.next(i).sigma() == 0) {
        x = begin.denoised();
        continue;
      }
      SdeStage whole = new SdeStage(sigmaSchedule.at(i), sigmaSchedule.next(i), eta);
      NoiseLevel middle = whole.at(r, levels);
      SdeStage first = new SdeStage(sigmaSchedule.at(i), middle, eta);
      Combination path = noise(draft, first);
      x = begin
          .sample()
          .times(first.sampleFactor())
          .plus(begin.denoised().times(first.denoisedFactor()))
          .plus(path);
      Call second = draft.call(x, timesteps.applyAsDouble(middle.sigma()), middle);
      SdeStage rest = new SdeStage(middle, sigmaSchedule.next(i), eta);
      double weight = phi2 ? whole.differenceFactor() / r : whole.denoisedFactor() / (2 * r);
      x = begin
          .sample()
          .times(whole.sampleFactor())
          .plus(begin.denoised().times(whole.denoisedFactor()))
          .plus(second.denoised().minus(begin.denoised()).times(weight))
          .plus(path.times(rest.sampleFactor()))
          .plus(noise(draft, rest));
    }
    return x;
  }

  private Combination noise(PlanBuilder draft, SdeStage stage) {
    return eta > 0 && noiseScale > 0
        ? draft.noise().times(stage.noiseFactor() * noiseScale)
        : Combination.ZERO;
  }
}
