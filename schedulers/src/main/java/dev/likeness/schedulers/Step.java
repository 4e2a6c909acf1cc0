package dev.likeness.schedulers;

import java.util.Arrays;

/**
 * A row of a sampling plan: one call of the network and one linear update of the sample.
 *
 * @param index the index of the row in its plan, from 0
 * @param timestep the timestep that the network is called with; may be fractional
 * @param level the noise level of the row's sample
 * @param scaling the scaling of the network's input and output
 * @param clipping the clipping of the denoised prediction
 * @param update the update that computes the next sample
 * @param variance the rule that computes the scale of this row's noise from the network's output;
 *     usually {@link LearnedVariance#NONE}
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
   * A noise scale that the network predicts in the second half of its output channels. The row's
   * fresh noise is multiplied elementwise by {@link #scale}. Source: arXiv:2102.09672, equation 15.
   *
   * @param kind the rule by which the scale is computed
   * @param minLog the log variance for the network output -1; only {@link Kind#RANGE} uses it
   * @param maxLog the log variance for the network output 1; only {@link Kind#RANGE} uses it
   */
  public record LearnedVariance(Kind kind, double minLog, double maxLog) {
    /** The noise is not scaled. */
    public static final LearnedVariance NONE = new LearnedVariance(Kind.NONE, 0, 0);
    /** The network predicts the variance. */
    public static final LearnedVariance DIRECT = new LearnedVariance(Kind.DIRECT, 0, 0);

    /** Kinds of learned variance. */
    public enum Kind {
      /** The variance is not learned. */
      NONE,
      /** The network's output is the variance; negative outputs count as 0. */
      DIRECT,
      /** The network's output, in -1..1, interpolates between two log variances. */
      RANGE
    }

    /**
     * {@return a variance that the network's output interpolates between two bounds}
     *
     * @param minLog the log variance at an output of -1
     * @param maxLog the log variance at an output of 1
     */
    public static LearnedVariance range(double minLog, double maxLog) {
      return new LearnedVariance(Kind.RANGE, minLog, maxLog);
    }

    /**
     * {@return the factor of the noise for one value of the network's output}
     *
     * @param predicted a value of the second half of the network's output channels
     */
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
   * The scaling of a network's input and output, which gives the denoised prediction {@code D~ =
   * skip * x + output * network(input * x, timestep)}. Source: Karras et al. 2022,
   * arXiv:2206.00364, equation 7.
   *
   * @param input the factor of the sample in the network's input
   * @param skip the factor of the unscaled sample in the denoised prediction
   * @param output the factor of the network's output in the denoised prediction
   */
  public record Scaling(double input, double skip, double output) {}

  /**
   * The next sample as a sum over the current and earlier rows. In every array, element 0 is the
   * factor of the current row. Element k is the factor of the row that lies k rows earlier.
   *
   * <p>{@code x_next = sum samples[k] x[k] + sum unblended[k] a[k] + sum denoised[k] D[k] + sum
   * raw[k] D~[k] + sum unguided[k] U[k] + sum modelOutputs[k] F[k] + sum noise[k] n[k]}.
   *
   * @param samples factors of the rows' samples before input scaling
   * @param unblended factors of the rows' samples before the sampling loop replaces the part
   *     outside an inpainting mask
   * @param denoised factors of the denoised predictions after clipping
   * @param raw factors of the denoised predictions before clipping; empty without clipping
   * @param unguided factors of the denoised predictions without guidance; empty for most solvers
   * @param modelOutputs factors of the network's outputs; empty for most solvers
   * @param noise factors of the rows' unit noise; 0 for rows without noise
   * @param needsNoise true if this row takes fresh noise from the random generator, even if the
   *     factor of the noise is 0
   * @param needsUnguided true if this or a later row needs this row's prediction without guidance
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
    /**
     * Copies the arrays and checks that all factors are finite.
     *
     * @throws IllegalArgumentException if a factor is infinite or NaN
     */
    public Update {
      samples = requireFinite("samples", samples);
      unblended = requireFinite("unblended", unblended);
      denoised = requireFinite("denoised", denoised);
      raw = requireFinite("raw", raw);
      unguided = requireFinite("unguided", unguided);
      modelOutputs = requireFinite("modelOutputs", modelOutputs);
      noise = requireFinite("noise", noise);
    }

    /** {@return a copy of the factors of the rows' samples before input scaling} */
    @Override
    public double[] samples() {
      return samples.clone();
    }

    /**
     * {@return a copy of the factors of the rows' samples before the sampling loop replaces the
     * part outside an inpainting mask}
     */
    @Override
    public double[] unblended() {
      return unblended.clone();
    }

    /** {@return a copy of the factors of the denoised predictions after clipping} */
    @Override
    public double[] denoised() {
      return denoised.clone();
    }

    /**
     * {@return a copy of the factors of the denoised predictions before clipping; empty without
     * clipping}
     */
    @Override
    public double[] raw() {
      return raw.clone();
    }

    /**
     * {@return a copy of the factors of the denoised predictions without guidance; empty for most
     * solvers}
     */
    @Override
    public double[] unguided() {
      return unguided.clone();
    }

    /** {@return a copy of the factors of the network's outputs; empty for most solvers} */
    @Override
    public double[] modelOutputs() {
      return modelOutputs.clone();
    }

    /** {@return a copy of the factors of the rows' unit noise; 0 for rows without noise} */
    @Override
    public double[] noise() {
      return noise.clone();
    }

    /** Compares all factors and both flags by value. */
    @Override
    public boolean equals(Object other) {
      return other instanceof Update u
          && needsNoise == u.needsNoise
          && needsUnguided == u.needsUnguided
          && Arrays.deepEquals(factors(), u.factors());
    }

    @Override
    public int hashCode() {
      return Arrays.deepHashCode(factors());
    }

    private double[][] factors() {
      return new double[][] {samples, unblended, denoised, raw, unguided, modelOutputs, noise};
    }

    private static double[] requireFinite(String name, double[] factors) {
      for (double factor : factors) {
        if (!Double.isFinite(factor)) {
          throw new IllegalArgumentException(
              "the factors of " + name + " in a step must be finite, got " + factor);
        }
      }
      return factors.clone();
    }
  }
}
