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
 * Multistep DPM-Solver++ as an SDE with any share of noise, order 2 or 3, one call a step.
 * arXiv:2211.01095; k-diffusion {@code sample_dpmpp_2m_sde} and {@code sample_dpmpp_3m_sde}.
 *
 * @param order the highest order, 2 or 3
 * @param heun whether the second order uses Heun's rule; the third always does
 * @param eta the share of fresh noise; 0 is the deterministic method
 * @param noiseScale a factor of all noise, mostly 1
 */
public record DpmPlusPlusMSde(int order, boolean heun, double eta, double noiseScale)
    implements Solver {
  /** Refuses an order that the method does not have. */
  public DpmPlusPlusMSde {
    if (order < 2 || order > 3) {
      throw new IllegalArgumentException(
          "multistep SDE-DPM-Solver++ needs an order of 2 or 3, got " + order);
    }
  }

  @Override
  public Combination solve(SigmaSchedule ladder, PlanBuilder draft) {
    Combination x = draft.start();
    List<Combination> m = new ArrayList<>();
    for (int i = ladder.first(); i <= ladder.last(); i++) {
      Call call = draft.call(x, ladder.timestep(i), ladder.at(i));
      m.add(0, call.denoised());
      if (ladder.next(i).sigma() == 0) {
        x = call.denoised();
        continue;
      }
      double h = step(ladder, i);
      double hEta = h * (1 + eta);
      double phi1 = -expm1(-hEta);
      x = call.x().times(exp(-hEta)).plus(m.get(0).times(phi1)).plus(slope(ladder, i, h, hEta, m));
      if (eta > 0) {
        x = x.plus(
            draft.noise().times(ladder.next(i).sigma() * sqrt(-expm1(-2 * h * eta)) * noiseScale));
      }
    }
    return x;
  }

  private Combination slope(
      SigmaSchedule ladder, int i, double h, double hEta, List<Combination> m) {
    double phi2 = expm1(-hEta) / hEta + 1;
    if (m.size() == 1) {
      return Combination.ZERO;
    }
    double r0 = step(ladder, i - 1) / h;
    Combination d10 = m.get(0).minus(m.get(1)).over(r0);
    if (order == 2 || m.size() == 2) {
      return d10.times(heun || order == 3 ? phi2 : -expm1(-hEta) / 2);
    }
    double r1 = step(ladder, i - 2) / h;
    Combination bend = d10.minus(m.get(1).minus(m.get(2)).over(r1)).over(r0 + r1);
    return d10.plus(bend.times(r0)).times(phi2).minus(bend.times(phi2 / hEta - 0.5));
  }

  private static double step(SigmaSchedule ladder, int i) {
    return ladder.next(i).lambda() - ladder.at(i).lambda();
  }
}
