package dev.likeness.schedulers.solvers;

import dev.likeness.schedulers.Call;
import dev.likeness.schedulers.Combination;
import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.PlanBuilder;
import dev.likeness.schedulers.SigmaSchedule;
import dev.likeness.schedulers.Solver;
import java.util.ArrayList;
import java.util.List;

/**
 * Improved pseudo numerical method (iPNDM), order 2. Each step is a DDIM step with extrapolated
 * noise: a sum of the last four noise predictions with Adams-Bashforth weights.
 *
 * <p>Source: Zhang and Chen 2023, arXiv:2204.13902, appendix H.3; diffusers {@code IPNDMScheduler}.
 */
public final class Ipndm implements Solver {
  /** Creates the solver, which has no options. */
  public Ipndm() {}

  @Override
  public Combination solve(SigmaSchedule sigmaSchedule, PlanBuilder draft) {
    Combination x = draft.start();
    List<Combination> predictions = new ArrayList<>();
    for (int i = sigmaSchedule.first(); i <= sigmaSchedule.last(); i++) {
      NoiseLevel s = sigmaSchedule.at(i);
      NoiseLevel t = sigmaSchedule.next(i);
      Call call = draft.call(x, sigmaSchedule.timestep(i), s);
      predictions.add(0, call.epsilon());
      Combination eps = Pndm.AdamsBashforth.extrapolate(predictions);
      // At a level without signal the sample is noise and implies no clean image.
      Combination clean = s.alpha() > 0
          ? call.sample().minus(eps.times(s.sigma())).over(s.alpha())
          : Combination.ZERO;
      x = clean.times(t.alpha()).plus(eps.times(t.sigma()));
    }
    return x;
  }
}
