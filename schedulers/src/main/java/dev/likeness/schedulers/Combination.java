package dev.likeness.schedulers;

import java.util.Map;
import java.util.TreeMap;

/**
 * A linear combination of vectors of a sampling plan. Each vector is the sample, a prediction, the
 * network output or the noise of one row (one network call). Immutable.
 *
 * <p>Solvers compute with combinations as their papers compute with vectors. {@link PlanBuilder}
 * reads the factors of each row from the combinations.
 */
public final class Combination {
  /** The empty sum, which is the zero vector. */
  public static final Combination ZERO = new Combination(new TreeMap<>());

  /** Kinds of vectors. */
  enum Kind {
    SAMPLE,
    UNBLENDED,
    DENOISED,
    RAW,
    UNGUIDED,
    MODEL_OUTPUT,
    NOISE
  }

  /** One vector: the sample, prediction, output or noise of a row. */
  record Symbol(Kind kind, int row) implements Comparable<Symbol> {
    @Override
    public int compareTo(Symbol other) {
      return row != other.row ? Integer.compare(row, other.row) : kind.compareTo(other.kind);
    }
  }

  private final TreeMap<Symbol, Double> factors;

  private Combination(TreeMap<Symbol, Double> factors) {
    this.factors = factors;
  }

  static Combination of(Symbol symbol) {
    return new Combination(new TreeMap<>(Map.of(symbol, 1.0)));
  }

  /**
   * {@return the sum of this combination and another}
   *
   * @param other the other summand
   */
  public Combination plus(Combination other) {
    var sum = new TreeMap<>(factors);
    other.factors.forEach((symbol, factor) -> sum.merge(symbol, factor, Double::sum));
    return new Combination(sum);
  }

  /**
   * {@return the difference of this combination and another}
   *
   * @param other the combination that is subtracted
   */
  public Combination minus(Combination other) {
    return plus(other.times(-1));
  }

  /**
   * {@return this combination multiplied by a factor}
   *
   * @param factor the number by which every vector is multiplied
   */
  public Combination times(double factor) {
    var product = new TreeMap<>(factors);
    product.replaceAll((symbol, own) -> own * factor);
    return new Combination(product);
  }

  /**
   * {@return this combination divided by a divisor}
   *
   * @param divisor the number by which every vector is divided, not 0
   */
  public Combination over(double divisor) {
    var quotient = new TreeMap<>(factors);
    quotient.replaceAll((symbol, own) -> own / divisor);
    return new Combination(quotient);
  }

  /**
   * Returns the factors of one kind, from {@code row} back; index 0 is that row. Trailing zeros are
   * omitted.
   */
  double[] factors(Kind kind, int row) {
    int oldest = row + 1;
    for (Map.Entry<Symbol, Double> term : factors.entrySet()) {
      if (term.getKey().kind() == kind && term.getValue() != 0) {
        oldest = Math.min(oldest, term.getKey().row());
      }
    }
    double[] counted = new double[row - oldest + 1];
    for (int k = 0; k < counted.length; k++) {
      counted[k] = factors.getOrDefault(new Symbol(kind, row - k), 0.0);
    }
    return counted;
  }

  @Override
  public String toString() {
    return factors.toString();
  }
}
