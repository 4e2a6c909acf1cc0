package dev.likeness.schedulers.solvers;

import static java.lang.Math.expm1;

import dev.likeness.schedulers.Call;
import dev.likeness.schedulers.Combination;
import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.PlanBuilder;
import dev.likeness.schedulers.SigmaSchedule;
import dev.likeness.schedulers.Solver;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.ArrayRealVector;
import org.apache.commons.math3.linear.LUDecomposition;

/**
 * Unified predictor-corrector (UniPC). The network's output corrects the sample of the same call
 * before the next step is predicted. A predictor of order k thus gives order k + 1 with one network
 * call in each step.
 *
 * <p>Source: Zhao et al. 2023, arXiv:2302.04867, algorithms 1 and 2; diffusers
 * {@code UniPCMultistepScheduler}.
 *
 * @param order the highest order of the predictor, at least 1
 * @param bh1 true if the paper's function B(h) is h, false if it is exp(h) - 1
 * @param predictX0 true to extrapolate the denoised prediction, false to extrapolate the predicted
 *     noise
 * @param lowerOrderFinal true to lower the order to 1 near the end of the sigma schedule
 * @param disableCorrector the indices, from 0, of the steps that the corrector does not correct
 */
public record UniPc(
    int order,
    boolean bh1,
    boolean predictX0,
    boolean lowerOrderFinal,
    Set<Integer> disableCorrector)
    implements Solver {
  /**
   * Checks that the order is at least 1, and copies the set.
   *
   * @throws IllegalArgumentException if the order is less than 1
   */
  public UniPc {
    if (order < 1) {
      throw new IllegalArgumentException("UniPC needs an order of at least 1, got " + order);
    }
    disableCorrector = Set.copyOf(disableCorrector);
  }

  @Override
  public Combination solve(SigmaSchedule sigmaSchedule, PlanBuilder draft) {
    Combination next = draft.start();
    Combination predicted = Combination.ZERO;
    List<Combination> m = new ArrayList<>();
    int used = 0;
    for (int i = sigmaSchedule.first(); i <= sigmaSchedule.last(); i++) {
      Call call = draft.call(next, sigmaSchedule.timestep(i), sigmaSchedule.at(i));
      Combination now = predictX0 ? call.denoised() : call.rawEpsilon();
      Combination x = call.sample();
      if (used > 0 && !disableCorrector.contains(i - 1)) {
        x = call.unblended().minus(predicted).plus(drift(sigmaSchedule, i - 1, used, m, now));
      }
      m.add(0, now);
      used = Math.min(orderAt(sigmaSchedule, i), m.size());
      predicted = drift(sigmaSchedule, i, used, m, null);
      next = x.times(sampleFactor(sigmaSchedule.at(i), sigmaSchedule.next(i))).plus(predicted);
    }
    return next;
  }

  private int orderAt(SigmaSchedule sigmaSchedule, int i) {
    boolean toClean = sigmaSchedule.next(i).sigma() == 0;
    return toClean ? 1 : lowerOrderFinal ? Math.min(order, sigmaSchedule.size() - i) : order;
  }

  private double sampleFactor(NoiseLevel s, NoiseLevel t) {
    return predictX0 ? t.sigma() / s.sigma() : t.alpha() / s.alpha();
  }

  /**
   * Returns the change of the sample in step i: predicted from the history, or corrected with the
   * output at its end.
   */
  private Combination drift(
      SigmaSchedule sigmaSchedule, int i, int used, List<Combination> m, Combination end) {
    NoiseLevel s = sigmaSchedule.at(i);
    NoiseLevel t = sigmaSchedule.next(i);
    double h = t.lambda() - s.lambda();
    double hh = predictX0 ? -h : h;
    if (h == 0) {
      return Combination.ZERO;
    }
    double scale = -(predictX0 ? t.alpha() : t.sigma());
    Combination m0 = m.get(0);
    double[] r = new double[used];
    for (int k = 1; k < used; k++) {
      r[k - 1] = (sigmaSchedule.at(i - k).lambda() - s.lambda()) / h;
    }
    r[used - 1] = 1;
    double bh = bh1 ? hh : expm1(hh);
    double[] rho = end == null ? BhWeights.predictor(r, hh, bh) : BhWeights.corrector(r, hh, bh);
    Combination sum = m0.times(scale * expm1(hh));
    for (int k = 1; k < used; k++) {
      sum = sum.plus(m.get(k).minus(m0).times(scale * bh * rho[k - 1] / r[k - 1]));
    }
    return end == null ? sum : sum.plus(end.minus(m0).times(scale * bh * rho[used - 1]));
  }

  /**
   * The weights of UniPC's differences: the solution of {@code R(h) a = phi(h) / B(h)}
   * (arXiv:2302.04867, equations 5 to 9).
   */
  static final class BhWeights {
    private BhWeights() {}

    /**
     * Returns the corrector's weights.
     *
     * @param r the places of the differences relative to the step, ending with 1
     * @param hh the signed step in lambda
     * @param bh the value of B(h)
     */
    static double[] corrector(double[] r, double hh, double bh) {
      return r.length == 1 ? new double[] {0.5} : solve(r, phi(r.length, hh, bh), r.length);
    }

    /** Returns the predictor's weights: the corrector's without the last difference. */
    static double[] predictor(double[] r, double hh, double bh) {
      return switch (r.length) {
        case 1 -> new double[0];
        case 2 -> new double[] {0.5};
        default -> solve(r, phi(r.length, hh, bh), r.length - 1);
      };
    }

    private static double[] phi(int count, double hh, double bh) {
      double[] b = new double[count];
      double phi = expm1(hh) / hh - 1;
      double factorial = 1;
      for (int i = 0; i < count; i++) {
        b[i] = phi * factorial / bh;
        factorial *= i + 2;
        phi = phi / hh - 1 / factorial;
      }
      return b;
    }

    private static double[] solve(double[] r, double[] b, int size) {
      var matrix = new Array2DRowRealMatrix(size, size);
      for (int i = 0; i < size; i++) {
        for (int k = 0; k < size; k++) {
          matrix.setEntry(i, k, Math.pow(r[k], i));
        }
      }
      double singular = 0;
      return new LUDecomposition(matrix, singular)
          .getSolver()
          .solve(new ArrayRealVector(Arrays.copyOf(b, size)))
          .toArray();
    }
  }
}
