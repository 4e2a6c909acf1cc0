package dev.likeness.schedulers.solvers;

import dev.likeness.schedulers.Call;
import dev.likeness.schedulers.Combination;
import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.PlanBuilder;
import dev.likeness.schedulers.SigmaSchedule;
import dev.likeness.schedulers.Solver;

/**
 * Euler's method with CFG++, with one network call in each step. It combines the guided denoised
 * prediction with the noise that the unguided prediction implies.
 *
 * <p>In the paper, guidance scales of 0 to 1 correspond to scales of 1 to 12.5 of classifier-free
 * guidance. ComfyUI users choose scales of 1 to 2. Source: Chung et al. 2024, arXiv:2406.08070,
 * algorithms 2 and 4; ComfyUI {@code euler_cfg_pp} and {@code euler_ancestral_cfg_pp}, Stable
 * Diffusion web UI's {@code DDIM CFG++}.
 *
 * @param eta the share of fresh noise, at least 0; 0 adds no noise
 * @param noiseScale the factor that multiplies all fresh noise, usually 1
 */
public record EulerCfgPlusPlus(double eta, double noiseScale) implements Solver {
  @Override
  public Combination solve(SigmaSchedule sigmaSchedule, PlanBuilder draft) {
    Combination x = draft.start();
    for (int i = sigmaSchedule.first(); i <= sigmaSchedule.last(); i++) {
      NoiseLevel s = sigmaSchedule.at(i);
      NoiseLevel t = sigmaSchedule.next(i);
      Call call = draft.call(x, sigmaSchedule.timestep(i), s);
      Combination noise = call.x().minus(call.unguided().times(s.alpha())).over(s.sigma());
      AncestralStep step = AncestralStep.of(s.ratio(), t.ratio(), eta);
      x = call.denoised().times(t.alpha()).plus(noise.times(t.alpha() * step.sigmaDown()));
      if (eta > 0) {
        x = x.plus(draft.noise().times(t.alpha() * step.sigmaUp() * noiseScale));
      }
    }
    return x;
  }
}
