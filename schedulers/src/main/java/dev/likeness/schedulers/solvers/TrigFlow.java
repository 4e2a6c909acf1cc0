package dev.likeness.schedulers.solvers;

import dev.likeness.schedulers.Call;
import dev.likeness.schedulers.Combination;
import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.PlanBuilder;
import dev.likeness.schedulers.SigmaSchedule;
import dev.likeness.schedulers.Solver;
import dev.likeness.schedulers.Step;

/**
 * TrigFlow consistency sampling. Samples have the form {@code x = cos(t) x0 + sin(t) n}, where the
 * timestep t is an angle in radians.
 *
 * <p>Source: Lu and Song 2024, arXiv:2410.11081, section 2.2; SANA-Sprint, arXiv:2503.09641;
 * diffusers {@code SCMScheduler}.
 *
 * @param noiseScale the factor of fresh noise: the standard deviation of the training data
 */
public record TrigFlow(double noiseScale) implements Solver {
  @Override
  public Combination solve(SigmaSchedule sigmaSchedule, PlanBuilder draft) {
    Combination x = draft.start();
    for (int i = sigmaSchedule.first(); i <= sigmaSchedule.last(); i++) {
      double angle = sigmaSchedule.timestep(i);
      NoiseLevel next = sigmaSchedule.next(i);
      // The published first angle, 1.5708, is slightly more than pi / 2, so its cosine is negative.
      Call call = draft.call(
          x, angle, sigmaSchedule.at(i), new Step.Scaling(1, Math.cos(angle), -Math.sin(angle)));
      x = call.denoised().times(next.alpha()).plus(draft.noise().times(next.sigma() * noiseScale));
    }
    return x;
  }
}
