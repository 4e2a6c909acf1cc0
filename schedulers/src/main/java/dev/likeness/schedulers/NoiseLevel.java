package dev.likeness.schedulers;

/**
 * How much signal and how much noise a sample holds: {@code x = alpha * x0 + sigma * n}.
 *
 * @param alpha the factor of the clean latents, at least 0
 * @param sigma the factor of unit noise, at least 0
 */
public record NoiseLevel(double alpha, double sigma) {
  /** The clean sample: no noise at all. */
  public static final NoiseLevel CLEAN = new NoiseLevel(1, 0);

  /** Refuses what is not a noise level. */
  public NoiseLevel {
    if (!(alpha >= 0) || !(sigma >= 0) || alpha + sigma == Double.POSITIVE_INFINITY) {
      throw new IllegalArgumentException(
          "a noise level needs finite alpha and sigma of at least 0, got alpha " + alpha
              + " and sigma " + sigma);
    }
  }

  /** A level of the variance-exploding form that k-diffusion uses: {@code x = x0 + sigma * n}. */
  public static NoiseLevel varianceExploding(double sigma) {
    return new NoiseLevel(1, sigma);
  }

  /** A level of the variance-preserving form, given {@code ratio = sigma / alpha}. */
  public static NoiseLevel variancePreserving(double ratio) {
    double alpha = 1 / Math.sqrt(ratio * ratio + 1);
    return new NoiseLevel(alpha, ratio * alpha);
  }

  /** A level of the variance-preserving form, given the squared signal factor in 0..1. */
  public static NoiseLevel ofAlphaBar(double alphaBar) {
    return new NoiseLevel(Math.sqrt(alphaBar), Math.sqrt(1 - alphaBar));
  }

  /**
   * A level of the rectified-flow form, {@code x = (1 - sigma) * x0 + sigma * n}, sigma in 0..1.
   */
  public static NoiseLevel flow(double sigma) {
    return new NoiseLevel(1 - sigma, sigma);
  }

  /**
   * Half the logarithm of the signal-to-noise ratio; plus infinity without noise, minus infinity
   * without signal.
   */
  public double lambda() {
    return Math.log(alpha) - Math.log(sigma);
  }

  /** Noise over signal, which is k-diffusion's sigma of the same level. */
  public double ratio() {
    return sigma / alpha;
  }
}
