package dev.likeness.schedulers.solvers;

import static java.lang.Math.exp;
import static java.lang.Math.expm1;

import dev.likeness.schedulers.SigmaSchedule;
import java.util.stream.IntStream;
import org.apache.commons.math3.analysis.polynomials.PolynomialFunction;

/**
 * Integrals of Lagrange polynomials against an exponential: the weights of exponential Adams
 * methods (arXiv:2204.13902, equation 15; arXiv:2309.05019, equations 14 and 17).
 */
final class ExponentialLagrange {
  private ExponentialLagrange() {}

  /**
   * Returns the weights in step i of the predictions of step {@code newest} and of the {@code count
   * - 1} steps before it.
   */
  static double[] weights(SigmaSchedule sigmaSchedule, int i, int newest, int count, double rate) {
    double end = sigmaSchedule.next(i).lambda();
    double[] places = IntStream.range(0, count)
        .mapToDouble(k -> sigmaSchedule.at(newest - k).lambda() - end)
        .toArray();
    return weights(places, rate, end - sigmaSchedule.at(i).lambda());
  }

  /**
   * Returns for each node the integral of {@code exp(rate * u) * L(u)} over u in {@code -h..0}. L
   * is the polynomial that is 1 at that node and 0 at the others.
   */
  private static double[] weights(double[] places, double rate, double h) {
    double[] weights = new double[places.length];
    for (int k = 0; k < places.length; k++) {
      double[] c = basis(places, k).getCoefficients();
      double moment = -expm1(-rate * h) / rate;
      double power = 1;
      for (int n = 0; n < c.length; n++) {
        weights[k] += c[n] * moment;
        power *= -h;
        moment = -(power * exp(-rate * h) + (n + 1) * moment) / rate;
      }
    }
    return weights;
  }

  private static PolynomialFunction basis(double[] places, int k) {
    var basis = new PolynomialFunction(new double[] {1});
    for (int j = 0; j < places.length; j++) {
      if (j != k) {
        double span = places[k] - places[j];
        basis = basis.multiply(new PolynomialFunction(new double[] {-places[j] / span, 1 / span}));
      }
    }
    return basis;
  }
}
