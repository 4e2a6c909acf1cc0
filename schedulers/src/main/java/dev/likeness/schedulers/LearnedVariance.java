package dev.likeness.schedulers;

/**
 * A noise scale that the network predicts in a second half of its channels (arXiv:2102.09672,
 * equation 15): the row's fresh noise is multiplied element by element by {@link #scale}.
 *
 * @param kind where the scale comes from
 * @param minLog for {@link Kind#RANGE} the logarithm of the variance where the network answers -1
 * @param maxLog for {@link Kind#RANGE} the logarithm of the variance where the network answers 1
 */
public record LearnedVariance(Kind kind, double minLog, double maxLog) {
  /** Noise is used as it is drawn. */
  public static final LearnedVariance NONE = new LearnedVariance(Kind.NONE, 0, 0);
  /** The network answers the variance itself. */
  public static final LearnedVariance DIRECT = new LearnedVariance(Kind.DIRECT, 0, 0);

  /** The three ways. */
  public enum Kind {
    /** Not learned. */
    NONE,
    /** The answer is the variance; below 0 it counts as 0. */
    DIRECT,
    /** The answer in -1..1 is a place between two log variances. */
    RANGE
  }

  /** A variance between two bounds, given by their logarithms. */
  public static LearnedVariance range(double minLog, double maxLog) {
    return new LearnedVariance(Kind.RANGE, minLog, maxLog);
  }

  /** The factor of the noise for one value that the network answered. */
  public double scale(double predicted) {
    return switch (kind) {
      case NONE -> 1;
      case DIRECT -> Math.sqrt(Math.max(0, predicted));
      case RANGE -> {
        double share = (predicted + 1) / 2;
        yield Math.exp(0.5 * (share * maxLog + (1 - share) * minLog));
      }
    };
  }
}
