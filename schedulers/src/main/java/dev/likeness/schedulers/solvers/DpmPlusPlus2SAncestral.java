package dev.likeness.schedulers.solvers;

import dev.likeness.schedulers.Call;
import dev.likeness.schedulers.Combination;
import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.PlanBuilder;
import dev.likeness.schedulers.SigmaSchedule;
import dev.likeness.schedulers.Solver;
import java.util.function.DoubleUnaryOperator;

/**
 * Single-step DPM-Solver++ of order 2 with ancestral noise. Each step has two network calls, but a
 * step to sigma 0 has only one.
 *
 * <p>Source: arXiv:2211.01095, algorithm 1; k-diffusion {@code sample_dpmpp_2s_ancestral} and, with
 * CFG++ (arXiv:2406.08070), ComfyUI {@code dpmpp_2s_ancestral_cfg_pp}.
 *
 * @param eta the share of fresh noise, at least 0; 0 adds no noise
 * @param noiseScale the factor that multiplies all fresh noise, usually 1
 * @param cfgPlusPlus true for CFG++: steps follow the unguided predictions, and the guidance is
 *     added afterwards
 * @param timesteps maps a sigma inside a step to the timestep for the network
 */
public record DpmPlusPlus2SAncestral(
    double eta, double noiseScale, boolean cfgPlusPlus, DoubleUnaryOperator timesteps)
    implements Solver {
  @Override
  public Combination solve(SigmaSchedule sigmaSchedule, PlanBuilder draft) {
    Combination x = draft.start();
    for (int i = sigmaSchedule.first(); i <= sigmaSchedule.last(); i++) {
      double sigma = sigmaSchedule.at(i).sigma();
      AncestralStep step = AncestralStep.of(sigma, sigmaSchedule.next(i).sigma(), eta);
      Call begin = draft.call(x, sigmaSchedule.timestep(i), sigmaSchedule.at(i));
      if (step.sigmaDown() == 0) {
        x = begin.denoised();
        continue;
      }
      double middle = Math.sqrt(sigma * step.sigmaDown());
      Combination first = cfgPlusPlus ? begin.unguided() : begin.denoised();
      x = begin.sample().times(middle / sigma).plus(first.times(1 - middle / sigma));
      Call halfway =
          draft.call(x, timesteps.applyAsDouble(middle), NoiseLevel.varianceExploding(middle));
      double keep = step.sigmaDown() / sigma;
      x = begin
          .sample()
          .times(keep)
          .plus((cfgPlusPlus ? halfway.unguided() : halfway.denoised()).times(1 - keep))
          .plus(begin.denoised().minus(first));
      x = step.addNoise(x, draft, noiseScale);
    }
    return x;
  }

  /**
   * Single-step DPM-Solver++ of order 2 for rectified flow with ancestral noise. Each step has two
   * network calls, but a step to sigma 0 has only one.
   *
   * <p>Source: ComfyUI {@code sample_dpmpp_2s_ancestral_RF}.
   *
   * @param eta how far each step goes below the next noise level, at least 0; 0 adds no noise
   * @param noiseScale the factor that multiplies all fresh noise, usually 1
   * @param timesteps maps a sigma inside a step to the timestep for the network
   */
  public record FlowDpmPlusPlus2SAncestral(
      double eta, double noiseScale, DoubleUnaryOperator timesteps) implements Solver {
    // Pure noise has an infinite lambda; the reference uses this level as the first midpoint.
    private static final double BELOW_PURE_NOISE = 0.9999;

    @Override
    public Combination solve(SigmaSchedule sigmaSchedule, PlanBuilder draft) {
      Combination x = draft.start();
      for (int i = sigmaSchedule.first(); i <= sigmaSchedule.last(); i++) {
        double sigma = sigmaSchedule.at(i).sigma();
        AncestralStep.FlowAncestral step =
            AncestralStep.FlowAncestral.of(sigma, sigmaSchedule.next(i).sigma(), eta);
        Call begin = draft.call(x, sigmaSchedule.timestep(i), sigmaSchedule.at(i));
        if (sigmaSchedule.next(i).sigma() == 0) {
          x = begin.denoised();
          continue;
        }
        double odds = Math.sqrt(
            sigmaSchedule.at(i).ratio() * NoiseLevel.flow(step.sigmaDown()).ratio());
        double middle = sigma == 1 ? BELOW_PURE_NOISE : odds / (1 + odds);
        x = begin.sample().times(middle / sigma).plus(begin.denoised().times(1 - middle / sigma));
        Call halfway = draft.call(x, timesteps.applyAsDouble(middle), NoiseLevel.flow(middle));
        double keep = step.sigmaDown() / sigma;
        x = begin.sample().times(keep).plus(halfway.denoised().times(1 - keep));
        x = step.addNoise(x, draft, noiseScale);
      }
      return x;
    }
  }
}
