package dev.likeness.schedulers;

/**
 * One row of a plan: one call of the network and one linear update.
 *
 * @param index the row's place in its plan, from 0
 * @param timestep what the network is told about the noise level; may be fractional
 * @param level the noise level of the sample that enters this row
 * @param scaling how the network is called and how its answer becomes a denoised prediction
 * @param clipping what happens to the denoised prediction before it is used
 * @param update the next sample
 * @param variance how the network scales the noise that this row draws; mostly
 *     {@link LearnedVariance#NONE}
 */
public record Step(
    int index,
    double timestep,
    NoiseLevel level,
    Scaling scaling,
    Clipping clipping,
    Update update,
    LearnedVariance variance) {
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

  /**
   * How a network is called at one noise level and how its answer becomes a denoised sample:
   * {@code D~ = skip * x + out * network(in * x, timestep)} (Karras et al. 2022, arXiv:2206.00364,
   * equation 7).
   *
   * @param in the factor of the sample that the network is given
   * @param skip the factor of the unscaled sample in the denoised prediction
   * @param out the factor of the network's answer in the denoised prediction
   */
  public record Scaling(double in, double skip, double out) {}

  /**
   * The next sample as a sum over the history; index 0 of every array speaks of the current row, k
   * of the row k before: {@code x_next = sum samples[k] x[k] + sum arrived[k] a[k] + sum
   * denoised[k] D[k] + sum raw[k] D~[k] + sum unguided[k] U[k] + sum answers[k] F[k] + sum noise[k]
   * n[k]}.
   *
   * @param samples factors of the samples that the network was given, before input scaling
   * @param unblended factors of the same samples as the rows before made them; they differ where
   *     something was put into a sample between two rows
   * @param denoised factors of the denoised predictions after clipping
   * @param raw factors of the denoised predictions before clipping; empty when nothing is clipped
   * @param unguided factors of the denoised predictions without guidance; empty for most solvers
   * @param modelOutputs factors of the network's own answers; mostly empty, for predictions say the
   *     same
   * @param noise factors of the unit noise drawn in each row; 0 for rows that drew none
   * @param needsNoise whether this row draws fresh noise, also where its factor is 0
   * @param needsUnguided whether this or a later row reads this row's prediction without guidance
   */
  public record Update(
      double[] samples,
      double[] unblended,
      double[] denoised,
      double[] raw,
      double[] unguided,
      double[] modelOutputs,
      double[] noise,
      boolean needsNoise,
      boolean needsUnguided) {
    /** Copies the arrays and refuses factors that are not finite. */
    public Update {
      samples = requireFinite("samples", samples);
      unblended = requireFinite("arrived", unblended);
      denoised = requireFinite("denoised", denoised);
      raw = requireFinite("raw", raw);
      unguided = requireFinite("unguided", unguided);
      modelOutputs = requireFinite("answers", modelOutputs);
      noise = requireFinite("noise", noise);
    }

    private static double[] requireFinite(String name, double[] factors) {
      for (double factor : factors) {
        if (!Double.isFinite(factor)) {
          throw new IllegalArgumentException(
              "the factors of " + name + " must be finite, got " + factor);
        }
      }
      return factors.clone();
    }
  }
}
