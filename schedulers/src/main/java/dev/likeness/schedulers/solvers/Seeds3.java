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
 * Stochastic exponential derivative-free solver (SEEDS) of three stages. Each step has three
 * network calls, but a step to sigma 0 has only one. Without noise, the solver has order 3.
 *
 * <p>The second and third network calls are at one third and two thirds of the step, on the scale
 * of lambda = log(alpha / sigma). All stages use the same Brownian path. Source: Gonzalez et al.
 * 2023, arXiv:2305.14267, algorithm 4 for data prediction; ComfyUI {@code seeds_3}.
 *
 * @param eta the share of fresh noise, at least 0; 0 adds no noise
 * @param noiseScale the factor that multiplies all fresh noise, usually 1
 * @param levels maps a ratio {@code sigma / alpha} to its noise level
 * @param timesteps maps a sigma inside a step to the timestep for the network
 */
public record Seeds3(
    double eta, double noiseScale, DoubleFunction<NoiseLevel> levels, DoubleUnaryOperator timesteps)
    implements Solver {
  private static final double R1 = 1 / 3.0;
  private static final double R2 = 2 / 3.0;

  @Override
  public Combination solve(SigmaSchedule sigmaSchedule, PlanBuilder draft) {
    Combination x = draft.start();
    for (int i = sigmaSchedule.first(); i <= sigmaSchedule.last(); i++) {
      NoiseLevel s = sigmaSchedule.at(i);
      NoiseLevel t = sigmaSchedule.next(i);
      Call begin = draft.call(x, sigmaSchedule.timestep(i), s);
      if (t.sigma() == 0) {
        x = begin.denoised();
        continue;
      }
      SdeStage whole = new SdeStage(s, t, eta);
      NoiseLevel u = whole.at(R1, levels);
      NoiseLevel v = whole.at(R2, levels);
      SdeStage toSecond = new SdeStage(s, u, eta);
      SdeStage toThird = new SdeStage(s, v, eta);

      Combination path = extendNoise(Combination.ZERO, draft, toSecond);
      Call second = call(advance(begin, begin, 0, toSecond).plus(path), u, draft);
      path = extendNoise(path, draft, new SdeStage(u, v, eta));
      Call third = call(
          advance(begin, second, toThird.differenceFactor() * R2 / R1, toThird).plus(path),
          v,
          draft);
      path = extendNoise(path, draft, new SdeStage(v, t, eta));
      x = advance(begin, third, whole.differenceFactor() / R2, whole).plus(path);
    }
    return x;
  }

  private Call call(Combination x, NoiseLevel level, PlanBuilder draft) {
    return draft.call(x, timesteps.applyAsDouble(level.sigma()), level);
  }

  /** Returns the sample after a stage, with the prediction linear towards a later call. */
  private static Combination advance(Call begin, Call later, double weight, SdeStage stage) {
    return begin
        .sample()
        .times(stage.sampleFactor())
        .plus(begin.denoised().times(stage.denoisedFactor()))
        .plus(later.denoised().minus(begin.denoised()).times(weight));
  }

  private Combination extendNoise(Combination path, PlanBuilder draft, SdeStage stage) {
    return eta > 0 && noiseScale > 0
        ? path.times(stage.sampleFactor())
            .plus(draft.noise().times(stage.noiseFactor() * noiseScale))
        : Combination.ZERO;
  }
}
