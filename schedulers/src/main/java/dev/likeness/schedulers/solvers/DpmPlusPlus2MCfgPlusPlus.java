package dev.likeness.schedulers.solvers;

import dev.likeness.schedulers.Call;
import dev.likeness.schedulers.Combination;
import dev.likeness.schedulers.PlanBuilder;
import dev.likeness.schedulers.SigmaSchedule;
import dev.likeness.schedulers.Solver;

/**
 * Multistep DPM-Solver++ with CFG++ (guidance that renoises with the unguided prediction), with one
 * network call in each step. Without guidance, the solver has order 2.
 *
 * <p>Each step combines the guided prediction with the noise that the unguided prediction implies.
 * The step also extrapolates from the last unguided prediction to the current guided prediction.
 * Source: arXiv:2211.01095 and arXiv:2406.08070; ComfyUI {@code dpmpp_2m_cfg_pp}.
 */
public final class DpmPlusPlus2MCfgPlusPlus implements Solver {
  /** Creates the solver, which has no options. */
  public DpmPlusPlus2MCfgPlusPlus() {}

  @Override
  public Combination solve(SigmaSchedule sigmaSchedule, PlanBuilder draft) {
    Combination x = draft.start();
    Combination old = Combination.ZERO;
    for (int i = sigmaSchedule.first(); i <= sigmaSchedule.last(); i++) {
      double keep = sigmaSchedule.next(i).sigma() / sigmaSchedule.at(i).sigma();
      Call call = draft.call(x, sigmaSchedule.timestep(i), sigmaSchedule.at(i));
      x = call.denoised().plus(call.sample().minus(call.unguided()).times(keep));
      if (i > sigmaSchedule.first() && keep > 0) {
        double back =
            Math.log(sigmaSchedule.at(i).sigma() / sigmaSchedule.at(i - 1).sigma())
                / Math.log(keep);
        x = x.plus(call.denoised().minus(old).times((1 - keep) / (2 * back)));
      }
      old = call.unguided();
    }
    return x;
  }
}
