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
 * <p>The paper's guidance scales of 0 to 1 correspond to scales of 1 to 12.5 of classifier-free
 * guidance. ComfyUI uses the scale of the request as the paper's scale, without conversion. With
 * this solver, requests in ComfyUI usually have scales of 1 to 2, above the paper's range. Source:
 * Chung et al. 2024, arXiv:2406.08070, algorithms 2 and 4; ComfyUI {@code euler_cfg_pp} and
 * {@code euler_ancestral_cfg_pp}; Stable Diffusion web UI 1.10 {@code DDIM CFG++}.
 *
 * @param eta the share of fresh noise, at least 0; 0 adds no noise
 * @param noiseScale the factor that multiplies all fresh noise, usually 1
 * @param guidanceFactor the factor that multiplies the guidance scale of the request: 1 in ComfyUI,
 *     {@link #WEB_UI_GUIDANCE} in the web UI
 */
public record EulerCfgPlusPlus(double eta, double noiseScale, double guidanceFactor)
    implements Solver {
  /**
   * The guidance factor of the web UI. With this factor, requests use the usual guidance scales of
   * the web UI, about 7.
   */
  public static final double WEB_UI_GUIDANCE = 1 / 12.5;

  /**
   * Creates a solver that uses the guidance scale of the request as it is.
   *
   * @param eta the share of fresh noise, at least 0; 0 adds no noise
   * @param noiseScale the factor that multiplies all fresh noise, usually 1
   */
  public EulerCfgPlusPlus(double eta, double noiseScale) {
    this(eta, noiseScale, 1);
  }

  @Override
  public Combination solve(SigmaSchedule sigmaSchedule, PlanBuilder draft) {
    Combination x = draft.start();
    for (int i = sigmaSchedule.first(); i <= sigmaSchedule.last(); i++) {
      NoiseLevel s = sigmaSchedule.at(i);
      NoiseLevel t = sigmaSchedule.next(i);
      Call call = draft.call(x, sigmaSchedule.timestep(i), s);
      Combination noise = call.sample().minus(call.unguided().times(s.alpha())).over(s.sigma());
      AncestralStep step = AncestralStep.of(s.ratio(), t.ratio(), eta);
      x = guided(call).times(t.alpha()).plus(noise.times(t.alpha() * step.sigmaDown()));
      if (eta > 0) {
        x = x.plus(draft.noise().times(t.alpha() * step.sigmaUp() * noiseScale));
      }
    }
    return x;
  }

  /** The denoised prediction at the request's guidance scale times {@link #guidanceFactor}. */
  private Combination guided(Call call) {
    return guidanceFactor == 1
        ? call.denoised()
        : call.denoised().times(guidanceFactor).plus(call.unguided().times(1 - guidanceFactor));
  }
}
