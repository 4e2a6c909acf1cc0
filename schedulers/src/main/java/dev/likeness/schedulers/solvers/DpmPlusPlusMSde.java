package dev.likeness.schedulers.solvers;

import static java.lang.Math.exp;
import static java.lang.Math.expm1;
import static java.lang.Math.sqrt;

import dev.likeness.schedulers.Call;
import dev.likeness.schedulers.Combination;
import dev.likeness.schedulers.PlanBuilder;
import dev.likeness.schedulers.SigmaSchedule;
import dev.likeness.schedulers.Solver;
import java.util.ArrayList;
import java.util.List;

/**
 * Multistep DPM-Solver++ as an SDE with any share of fresh noise, order 2 or 3. Each step has one
 * network call.
 *
 * <p>Source: arXiv:2211.01095; k-diffusion {@code sample_dpmpp_2m_sde} and
 * {@code sample_dpmpp_3m_sde}.
 *
 * @param order the highest order, 2 or 3
 * @param heun true if order 2 uses Heun's rule, false for the midpoint rule; order 3 always uses
 *     Heun's rule
 * @param eta the share of fresh noise, at least 0; 0 adds no noise
 * @param noiseScale the factor that multiplies all fresh noise, usually 1
 */
public record DpmPlusPlusMSde(int order, boolean heun, double eta, double noiseScale)
    implements Solver {
  /**
   * Checks that the order is 2 or 3.
   *
   * @throws IllegalArgumentException if the order is not 2 or 3
   */
  public DpmPlusPlusMSde {
    if (order < 2 || order > 3) {
      throw new IllegalArgumentException(
          "multistep SDE-DPM-Solver++ needs an order of 2 or 3, got " + order);
    }
  }

  @Override
  public Combination solve(SigmaSchedule sigmaSchedule, PlanBuilder draft) {
    Combination x = draft.start();
    List<Combination> m = new ArrayList<>();
    for (int i = sigmaSchedule.first(); i <= sigmaSchedule.last(); i++) {
      Call call = draft.call(x, sigmaSchedule.timestep(i), sigmaSchedule.at(i));
      m.add(0, call.denoised());
      if (sigmaSchedule.next(i).sigma() == 0) {
        x = call.denoised();
        continue;
      }
      double h = lambdaStep(sigmaSchedule, i);
      double hEta = h * (1 + eta);
      double phi1 = -expm1(-hEta);
      x = call.sample()
          .times(exp(-hEta))
          .plus(m.get(0).times(phi1))
          .plus(correction(sigmaSchedule, i, h, hEta, m));
      if (eta > 0) {
        x = x.plus(draft
            .noise()
            .times(sigmaSchedule.next(i).sigma() * sqrt(-expm1(-2 * h * eta)) * noiseScale));
      }
    }
    return x;
  }

  private Combination correction(
      SigmaSchedule sigmaSchedule, int i, double h, double hEta, List<Combination> m) {
    double phi2 = expm1(-hEta) / hEta + 1;
    if (m.size() == 1) {
      return Combination.ZERO;
    }
    double r0 = lambdaStep(sigmaSchedule, i - 1) / h;
    Combination d10 = m.get(0).minus(m.get(1)).over(r0);
    if (order == 2 || m.size() == 2) {
      return d10.times(heun || order == 3 ? phi2 : -expm1(-hEta) / 2);
    }
    double r1 = lambdaStep(sigmaSchedule, i - 2) / h;
    Combination bend = d10.minus(m.get(1).minus(m.get(2)).over(r1)).over(r0 + r1);
    return d10.plus(bend.times(r0)).times(phi2).minus(bend.times(phi2 / hEta - 0.5));
  }

  private static double lambdaStep(SigmaSchedule sigmaSchedule, int i) {
    return sigmaSchedule.next(i).lambda() - sigmaSchedule.at(i).lambda();
  }
}
