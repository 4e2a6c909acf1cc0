package dev.likeness.schedulers.solvers;

import dev.likeness.schedulers.Call;
import dev.likeness.schedulers.Combination;
import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.PlanBuilder;
import dev.likeness.schedulers.SigmaSchedule;
import dev.likeness.schedulers.Solver;
import java.util.function.DoubleUnaryOperator;

/**
 * Midpoint method in log sigma with ancestral noise, stochastic. Each step has two network calls,
 * but a step to sigma 0 has only one.
 *
 * <p>Source: k-diffusion {@code sample_dpm_2_ancestral}, diffusers
 * {@code KDPM2AncestralDiscreteScheduler}.
 *
 * @param eta the share of fresh noise, at least 0
 * @param noiseScale the factor that multiplies all fresh noise, usually 1
 * @param timesteps maps a sigma inside a step to the timestep for the network
 */
public record Dpm2Ancestral(double eta, double noiseScale, DoubleUnaryOperator timesteps)
    implements Solver {
  @Override
  public Combination solve(SigmaSchedule sigmaSchedule, PlanBuilder draft) {
    Combination x = draft.start();
    for (int i = sigmaSchedule.first(); i <= sigmaSchedule.last(); i++) {
      double sigma = sigmaSchedule.at(i).sigma();
      AncestralStep step = AncestralStep.of(sigma, sigmaSchedule.next(i).sigma(), eta);
      double middle = Math.sqrt(sigma * step.sigmaDown());
      Call begin = draft.call(x, sigmaSchedule.timestep(i), sigmaSchedule.at(i));
      x = begin.sample().plus(begin.derivative().times(middle - sigma));
      if (middle > 0) {
        Call halfway =
            draft.call(x, timesteps.applyAsDouble(middle), NoiseLevel.varianceExploding(middle));
        x = begin.sample().plus(halfway.derivative().times(step.sigmaDown() - sigma));
        x = step.addNoise(x, draft, noiseScale);
      }
    }
    return x;
  }

  /**
   * Midpoint method for rectified flow with ancestral noise. Each step has two network calls, but a
   * step to sigma 0 has only one.
   *
   * <p>Source: ComfyUI {@code sample_dpm_2_ancestral_RF}.
   *
   * @param eta how far each step goes below the next noise level, at least 0; 0 stops at this level
   * @param noiseScale the factor that multiplies all fresh noise, usually 1
   * @param timesteps maps a sigma inside a step to the timestep for the network
   */
  public record FlowDpm2Ancestral(double eta, double noiseScale, DoubleUnaryOperator timesteps)
      implements Solver {
    @Override
    public Combination solve(SigmaSchedule sigmaSchedule, PlanBuilder draft) {
      Combination x = draft.start();
      for (int i = sigmaSchedule.first(); i <= sigmaSchedule.last(); i++) {
        double sigma = sigmaSchedule.at(i).sigma();
        AncestralStep.FlowAncestral step =
            AncestralStep.FlowAncestral.of(sigma, sigmaSchedule.next(i).sigma(), eta);
        double middle = Math.sqrt(sigma * step.sigmaDown());
        Call begin = draft.call(x, sigmaSchedule.timestep(i), sigmaSchedule.at(i));
        x = begin.sample().plus(begin.derivative().times(middle - sigma));
        if (middle > 0) {
          Call halfway = draft.call(x, timesteps.applyAsDouble(middle), NoiseLevel.flow(middle));
          x = begin.sample().plus(halfway.derivative().times(step.sigmaDown() - sigma));
          x = step.addNoise(x, draft, noiseScale);
        }
      }
      return x;
    }
  }
}
