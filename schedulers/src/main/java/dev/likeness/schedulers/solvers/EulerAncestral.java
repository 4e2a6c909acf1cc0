package dev.likeness.schedulers.solvers;

import dev.likeness.schedulers.Call;
import dev.likeness.schedulers.Combination;
import dev.likeness.schedulers.PlanBuilder;
import dev.likeness.schedulers.SigmaSchedule;
import dev.likeness.schedulers.Solver;

/**
 * Euler steps that go below the next noise level; fresh noise then raises the sample to this level.
 * Order 1, stochastic.
 *
 * <p>Source: Song et al. 2021, arXiv:2011.13456, appendix F; k-diffusion
 * {@code sample_euler_ancestral}, diffusers {@code EulerAncestralDiscreteScheduler}.
 *
 * @param eta the share of fresh noise, at least 0; 0 gives plain Euler steps
 * @param noiseScale the factor that multiplies all fresh noise, usually 1
 */
public record EulerAncestral(double eta, double noiseScale) implements Solver {
  @Override
  public Combination solve(SigmaSchedule sigmaSchedule, PlanBuilder draft) {
    Combination x = draft.start();
    for (int i = sigmaSchedule.first(); i <= sigmaSchedule.last(); i++) {
      double sigma = sigmaSchedule.at(i).sigma();
      AncestralStep step = AncestralStep.of(sigma, sigmaSchedule.next(i).sigma(), eta);
      Call call = draft.call(x, sigmaSchedule.timestep(i), sigmaSchedule.at(i));
      x = step.addNoise(
          call.sample().plus(call.derivative().times(step.sigmaDown() - sigma)), draft, noiseScale);
    }
    return x;
  }

  /**
   * Ancestral Euler steps for rectified flow, order 1, stochastic. A step goes below the next noise
   * level; scaling and noise then raise the sample to this level.
   *
   * <p>Source: ComfyUI {@code sample_euler_ancestral_RF}, diffusers
   * {@code LTXEulerAncestralRFScheduler}.
   *
   * @param eta how far each step goes below the next noise level, at least 0; 0 gives plain Euler
   *     steps
   * @param noiseScale the factor that multiplies all fresh noise, usually 1
   */
  public record FlowEulerAncestral(double eta, double noiseScale) implements Solver {
    @Override
    public Combination solve(SigmaSchedule sigmaSchedule, PlanBuilder draft) {
      Combination x = draft.start();
      for (int i = sigmaSchedule.first(); i <= sigmaSchedule.last(); i++) {
        double sigma = sigmaSchedule.at(i).sigma();
        AncestralStep.FlowAncestral step =
            AncestralStep.FlowAncestral.of(sigma, sigmaSchedule.next(i).sigma(), eta);
        Call call = draft.call(x, sigmaSchedule.timestep(i), sigmaSchedule.at(i));
        double keep = step.sigmaDown() / sigma;
        x = step.addNoise(
            call.sample().times(keep).plus(call.denoised().times(1 - keep)), draft, noiseScale);
      }
      return x;
    }
  }
}
