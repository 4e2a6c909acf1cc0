package dev.likeness.schedulers.solvers;

import static java.lang.Math.expm1;

import java.util.Arrays;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.ArrayRealVector;
import org.apache.commons.math3.linear.LUDecomposition;

/**
 * The weights of UniPC's differences: the solution of {@code R(h) a = phi(h) / B(h)}
 * (arXiv:2302.04867, equations 5 to 9).
 */
final class BhWeights {
  private BhWeights() {}

  /**
   * The corrector's weights.
   *
   * @param r the places of the differences relative to the step, 1 last
   * @param hh the signed step in lambda
   * @param bh the value of B(h)
   */
  static double[] corrector(double[] r, double hh, double bh) {
    return r.length == 1 ? new double[] {0.5} : solved(r, phi(r.length, hh, bh), r.length);
  }

  /** The predictor's weights: as the corrector's without the last difference. */
  static double[] predictor(double[] r, double hh, double bh) {
    return switch (r.length) {
      case 1 -> new double[0];
      case 2 -> new double[] {0.5};
      default -> solved(r, phi(r.length, hh, bh), r.length - 1);
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

  private static double[] solved(double[] r, double[] b, int size) {
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
