package dev.likeness.schedulers;

import java.util.Map;
import java.util.TreeMap;

/**
 * A linear combination of what a plan's rows may sum: samples, predictions, answers and noise, each
 * of some row.
 *
 * <p>A solver is written on combinations as a paper writes it on vectors; {@link PlanBuilder} reads
 * the factors of the rows off them. Immutable.
 */
public final class Combination {
  /** Nothing at all. */
  public static final Combination ZERO = new Combination(new TreeMap<>());

  /** What a term stands for. */
  enum Kind {
    SAMPLE,
    UNBLENDED,
    DENOISED,
    RAW,
    UNGUIDED,
    MODEL_OUTPUT,
    NOISE
  }

  /** One vector of a run: the sample, prediction or noise of a row. */
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

  /** The sum of this and another combination. */
  public Combination plus(Combination other) {
    var sum = new TreeMap<>(factors);
    other.factors.forEach((symbol, factor) -> sum.merge(symbol, factor, Double::sum));
    return new Combination(sum);
  }

  /** The difference of this and another combination. */
  public Combination minus(Combination other) {
    return plus(other.times(-1));
  }

  /** This combination with every factor multiplied. */
  public Combination times(double factor) {
    var product = new TreeMap<>(factors);
    product.replaceAll((symbol, own) -> own * factor);
    return new Combination(product);
  }

  /** This combination with every factor divided. */
  public Combination over(double divisor) {
    var quotient = new TreeMap<>(factors);
    quotient.replaceAll((symbol, own) -> own / divisor);
    return new Combination(quotient);
  }

  /**
   * The factors of one kind, counted back from {@code row}: index 0 is that row, trailing zeros
   * left out.
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
