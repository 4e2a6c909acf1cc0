package dev.likeness.schedulers.solvers;

import dev.likeness.schedulers.Call;
import dev.likeness.schedulers.Combination;
import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.PlanBuilder;
import dev.likeness.schedulers.SigmaSchedule;
import dev.likeness.schedulers.Solver;
import java.util.function.IntFunction;

/**
 * Strategic stochastic sampling of trajectory consistency distillation (TCD). A step goes below the
 * next noise level. Added noise then raises the sample to this level.
 *
 * <p>Source: Zheng et al. 2024, arXiv:2402.19159, algorithm 4; diffusers {@code TCDScheduler}.
 *
 * @param gamma how far each step goes below the next noise level, 0..1; 0 is deterministic
 * @param levels maps a training timestep to its noise level
 */
public record Tcd(double gamma, IntFunction<NoiseLevel> levels) implements Solver {
  /**
   * Checks that gamma is in 0..1.
   *
   * @throws IllegalArgumentException if gamma is not in 0..1
   */
  public Tcd {
    if (!(gamma >= 0 && gamma <= 1)) {
      throw new IllegalArgumentException("TCD needs a gamma in 0..1, got " + gamma);
    }
  }

  @Override
  public Combination solve(SigmaSchedule sigmaSchedule, PlanBuilder draft) {
    Combination x = draft.start();
    for (int i = sigmaSchedule.first(); i <= sigmaSchedule.last(); i++) {
      Call call = draft.call(x, sigmaSchedule.timestep(i), sigmaSchedule.at(i));
      boolean last = i == sigmaSchedule.last();
      NoiseLevel s = last
          ? sigmaSchedule.next(i)
          : levels.apply((int) Math.floor((1 - gamma) * sigmaSchedule.timestep(i + 1)));
      x = call.raw().times(s.alpha()).plus(call.rawEpsilon().times(s.sigma()));
      if (gamma > 0 && !last) {
        double ratio = sigmaSchedule.next(i).alpha() / s.alpha();
        x = x.times(ratio).plus(draft.noise().times(Math.sqrt(1 - ratio * ratio)));
      }
    }
    return x;
  }
}
