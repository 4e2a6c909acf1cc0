package dev.likeness.schedulers.solvers;

import dev.likeness.schedulers.Call;
import dev.likeness.schedulers.Combination;
import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.PlanBuilder;
import dev.likeness.schedulers.Prediction;
import dev.likeness.schedulers.SigmaSchedule;
import dev.likeness.schedulers.Solver;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/**
 * Pseudo numerical methods for diffusion models (PNDM): a linear multistep method of order 2 on the
 * last four network outputs.
 *
 * <p>As in the reference implementation, if sampling starts inside the sigma schedule, the first
 * step is repeated at the second timestep. Source: Liu et al. 2022, arXiv:2202.09778, equations 9,
 * 12 and 13; diffusers {@code PNDMScheduler}.
 *
 * @param prediction the value that the network predicts: epsilon or v
 * @param stride the number of training timesteps between two steps
 * @param rungeKuttaRows the number of rows at the start that are Runge-Kutta stages, a multiple of
 *     4. With 0, sampling starts with a repeated step (diffusers: {@code skip_prk_steps})
 * @param levels maps a training timestep to its noise level; a negative timestep means the end of
 *     the schedule
 */
public record Pndm(
    Prediction prediction, int stride, int rungeKuttaRows, IntFunction<NoiseLevel> levels)
    implements Solver {
  @Override
  public Combination solve(SigmaSchedule sigmaSchedule, PlanBuilder draft) {
    Combination x = draft.start();
    List<Combination> outputs = new ArrayList<>();
    if (rungeKuttaRows > 0) {
      x = rungeKutta(x, outputs, sigmaSchedule, draft);
    }
    Combination anchor = x;
    for (int i = sigmaSchedule.first() + rungeKuttaRows; i <= sigmaSchedule.last(); i++) {
      int timestep = (int) sigmaSchedule.timestep(i);
      Call call = draft.call(x, timestep, levels.apply(timestep));
      if (rungeKuttaRows == 0 && i == sigmaSchedule.first() + 1) {
        Combination mean = call.modelOutput().plus(outputs.get(0)).over(2);
        x = previousSample(anchor, timestep + stride, timestep, mean);
      } else {
        outputs.add(0, call.modelOutput());
        x = previousSample(
            call.sample(), timestep, timestep - stride, AdamsBashforth.extrapolate(outputs));
      }
    }
    return x;
  }

  private Combination rungeKutta(
      Combination first,
      List<Combination> outputs,
      SigmaSchedule sigmaSchedule,
      PlanBuilder draft) {
    Combination x = first;
    for (int begin = 0; begin < rungeKuttaRows; begin += 4) {
      Combination anchor = x;
      Combination mean = Combination.ZERO;
      int from = (int) sigmaSchedule.timestep(begin);
      for (int stage = 0; stage < 4; stage++) {
        int timestep = (int) sigmaSchedule.timestep(begin + stage);
        Call call = draft.call(x, timestep, levels.apply(timestep));
        mean = mean.plus(call.modelOutput().over(stage == 0 || stage == 3 ? 6 : 3));
        if (stage == 0) {
          anchor = call.sample();
          outputs.add(0, call.modelOutput());
        }
        int to = timestep - (stage % 2 == 0 ? stride / 2 : 0);
        x = previousSample(anchor, from, to, stage == 3 ? mean : call.modelOutput());
      }
    }
    return x;
  }

  private Combination previousSample(Combination x, int from, int to, Combination output) {
    NoiseLevel s = levels.apply(from);
    NoiseLevel t = levels.apply(to);
    Combination eps =
        prediction == Prediction.V ? output.times(s.alpha()).plus(x.times(s.sigma())) : output;
    double keep = t.alpha() / s.alpha();
    return x.times(keep).plus(eps.times(t.sigma() - s.sigma() * keep));
  }

  /**
   * Adams-Bashforth extrapolation over equal steps, up to order 4 (arXiv:2202.09778, equation 9).
   */
  static final class AdamsBashforth {
    private static final double[][] WEIGHTS = {
      {1},
      {3 / 2.0, -1 / 2.0},
      {23 / 12.0, -16 / 12.0, 5 / 12.0},
      {55 / 24.0, -59 / 24.0, 37 / 24.0, -9 / 24.0}
    };

    private AdamsBashforth() {}

    /** Returns the mean over the next step, extrapolated from past values, newest first. */
    static Combination extrapolate(List<Combination> values) {
      double[] weights = WEIGHTS[Math.min(values.size(), WEIGHTS.length) - 1];
      Combination sum = Combination.ZERO;
      for (int k = 0; k < weights.length; k++) {
        sum = sum.plus(values.get(k).times(weights[k]));
      }
      return sum;
    }
  }
}
