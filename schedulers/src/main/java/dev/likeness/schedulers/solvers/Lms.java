package dev.likeness.schedulers.solvers;

import dev.likeness.schedulers.Call;
import dev.likeness.schedulers.Combination;
import dev.likeness.schedulers.PlanBuilder;
import dev.likeness.schedulers.SigmaSchedule;
import dev.likeness.schedulers.Solver;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.math3.analysis.polynomials.PolynomialFunction;

/**
 * Linear multistep method: exactly integrates the polynomial through the last derivatives.
 *
 * <p>Source: Adams-Bashforth methods with variable step sizes; k-diffusion {@code sample_lms},
 * diffusers {@code LMSDiscreteScheduler}.
 *
 * @param order the highest order, 1 to 4
 * @param orderByStepIndex true to choose the order by the step's index in the whole schedule, as in
 *     diffusers' image-to-image; false to count from the first sampled step
 */
public record Lms(int order, boolean orderByStepIndex) implements Solver {
  /**
   * Creates a solver whose first sampled step has order 1, even if sampling starts inside the
   * schedule.
   *
   * @param order the highest order, 1 to 4
   * @throws IllegalArgumentException if the order is not 1 to 4
   */
  public Lms(int order) {
    this(order, false);
  }

  /**
   * Checks that the order is 1 to 4.
   *
   * @throws IllegalArgumentException if the order is not 1 to 4
   */
  public Lms {
    if (order < 1 || order > 4) {
      throw new IllegalArgumentException("LMS needs an order of 1 to 4, got " + order);
    }
  }

  @Override
  public Combination solve(SigmaSchedule sigmaSchedule, PlanBuilder draft) {
    Combination x = draft.start();
    List<Combination> slopes = new ArrayList<>();
    for (int i = sigmaSchedule.first(); i <= sigmaSchedule.last(); i++) {
      Call call = draft.call(x, sigmaSchedule.timestep(i), sigmaSchedule.at(i));
      slopes.add(0, call.derivative());
      int now = Math.min(orderByStepIndex ? i + 1 : slopes.size(), order);
      x = call.sample();
      for (int k = 0; k < Math.min(now, slopes.size()); k++) {
        x = x.plus(slopes.get(k).times(weight(sigmaSchedule, i, k, now)));
      }
    }
    return x;
  }

  /**
   * Returns the integral over step i of the Lagrange polynomial that is 1 at the k-th last sigma
   * and 0 at the others.
   */
  private static double weight(SigmaSchedule sigmaSchedule, int i, int k, int now) {
    double sigma = sigmaSchedule.at(i).sigma();
    double own = sigmaSchedule.at(i - k).sigma();
    var basis = new PolynomialFunction(new double[] {1});
    for (int j = 0; j < now; j++) {
      if (j != k) {
        double other = sigmaSchedule.at(i - j).sigma();
        if (own == other) {
          throw new IllegalArgumentException(
              "LMS needs different sigmas, but this schedule of " + sigmaSchedule.size()
                  + " steps repeats sigma " + own + "; use fewer steps or a smaller steps_offset");
        }
        basis = basis.multiply(new PolynomialFunction(
            new double[] {(sigma - other) / (own - other), 1 / (own - other)}));
      }
    }
    return integral(basis, sigmaSchedule.next(i).sigma() - sigma);
  }

  /**
   * Returns the integral from 0. The start of the step is the origin, because far from it the
   * powers of close sigmas cancel.
   */
  private static double integral(PolynomialFunction polynomial, double until) {
    double[] c = polynomial.getCoefficients();
    double sum = 0;
    for (int power = c.length; power >= 1; power--) {
      sum = (sum + c[power - 1] / power) * until;
    }
    return sum;
  }
}
