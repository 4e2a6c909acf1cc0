package dev.likeness.schedulers.solvers;

import dev.likeness.schedulers.Call;
import dev.likeness.schedulers.Combination;
import dev.likeness.schedulers.PlanBuilder;
import dev.likeness.schedulers.SigmaSchedule;
import dev.likeness.schedulers.Solver;

/**
 * Refined exponential solver (RES) as a multistep method, with one network call in each step.
 * Without noise, the solver has order 2.
 *
 * <p>The solver extrapolates the denoised prediction linearly in log sigma, and integrates this
 * linear function exactly. Source: Zhang et al. 2023, arXiv:2308.02157, equation 12 in multistep
 * form; ComfyUI {@code res_multistep} and, with CFG++ (arXiv:2406.08070),
 * {@code res_multistep_cfg_pp}.
 *
 * @param eta the share of fresh noise, at least 0; 0 adds no noise
 * @param noiseScale the factor that multiplies all fresh noise, usually 1
 * @param cfgPlusPlus true for CFG++: the unguided predictions are extrapolated, and the guidance
 *     moves the sample before the step
 */
public record ResMultistep(double eta, double noiseScale, boolean cfgPlusPlus) implements Solver {
  @Override
  public Combination solve(SigmaSchedule sigmaSchedule, PlanBuilder draft) {
    Combination x = draft.start();
    Combination old = Combination.ZERO;
    double oldDown = 0;
    for (int i = sigmaSchedule.first(); i <= sigmaSchedule.last(); i++) {
      double sigma = sigmaSchedule.at(i).sigma();
      AncestralStep step = AncestralStep.of(sigma, sigmaSchedule.next(i).sigma(), eta);
      Call call = draft.call(x, sigmaSchedule.timestep(i), sigmaSchedule.at(i));
      double keep = step.sigmaDown() / sigma;
      Combination now = cfgPlusPlus ? call.unguided() : call.denoised();
      Combination guidance = cfgPlusPlus ? call.denoised().minus(now) : Combination.ZERO;
      x = call.sample().times(keep);
      if (i == sigmaSchedule.first() || step.sigmaDown() == 0) {
        x = x.plus(now.times(1 - keep)).plus(guidance);
      } else {
        double h = Math.log(sigma / step.sigmaDown());
        double back = Math.log(oldDown / sigmaSchedule.at(i - 1).sigma()) / h;
        double phi1 = -Math.expm1(-h) / h;
        double phi2 = (1 - phi1) / h;
        x = x.plus(now.times(h * (phi1 - phi2 / back)))
            .plus(old.times(h * phi2 / back))
            .plus(guidance.times(keep));
      }
      if (eta > 0) {
        x = step.addNoise(x, draft, noiseScale);
      }
      old = now;
      oldDown = step.sigmaDown();
    }
    return x;
  }
}
