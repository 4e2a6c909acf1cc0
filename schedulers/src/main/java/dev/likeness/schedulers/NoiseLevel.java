package dev.likeness.schedulers;

/**
 * The noise level of a sample: {@code x = alpha * x0 + sigma * n}, where {@code x0} is the clean
 * sample and {@code n} Gaussian noise of variance 1 (unit noise).
 *
 * @param alpha the factor of the clean sample, at least 0
 * @param sigma the factor of unit noise, at least 0
 */
public record NoiseLevel(double alpha, double sigma) {
  /** The level of the clean sample, without noise. */
  public static final NoiseLevel CLEAN = new NoiseLevel(1, 0);

  /**
   * Checks that both factors are finite and not negative.
   *
   * @throws IllegalArgumentException if a factor is negative, infinite or NaN
   */
  public NoiseLevel {
    if (!(alpha >= 0) || !(sigma >= 0) || alpha + sigma == Double.POSITIVE_INFINITY) {
      throw new IllegalArgumentException(
          "a noise level needs finite alpha and sigma of at least 0, got alpha " + alpha
              + " and sigma " + sigma);
    }
  }

  /**
   * {@return a level of the variance-exploding form, which k-diffusion uses: {@code x = x0 + sigma
   * n}}
   *
   * @param sigma the factor of unit noise, at least 0
   * @throws IllegalArgumentException if sigma is negative, infinite or NaN
   */
  public static NoiseLevel varianceExploding(double sigma) {
    return new NoiseLevel(1, sigma);
  }

  /**
   * {@return the level of the variance-preserving form, {@code alpha^2 + sigma^2 = 1}, with the
   * given ratio}
   *
   * @param ratio {@code sigma / alpha}, at least 0
   * @throws IllegalArgumentException if the ratio is negative, infinite or NaN
   */
  public static NoiseLevel variancePreserving(double ratio) {
    double alpha = 1 / Math.sqrt(ratio * ratio + 1);
    return new NoiseLevel(alpha, ratio * alpha);
  }

  /**
   * {@return the level of the variance-preserving form, {@code alpha^2 + sigma^2 = 1}, with the
   * given alphaBar}
   *
   * @param alphaBar the square of alpha, 0..1; diffusers' {@code alphas_cumprod}
   * @throws IllegalArgumentException if {@code alphaBar} is not in 0..1
   */
  public static NoiseLevel ofAlphaBar(double alphaBar) {
    return new NoiseLevel(Math.sqrt(alphaBar), Math.sqrt(1 - alphaBar));
  }

  /**
   * {@return a level of the rectified-flow form, {@code x = (1 - sigma) * x0 + sigma * n}}
   *
   * @param sigma the factor of unit noise, 0..1
   * @throws IllegalArgumentException if sigma is not in 0..1
   */
  public static NoiseLevel flow(double sigma) {
    return new NoiseLevel(1 - sigma, sigma);
  }

  /**
   * {@return {@code log(alpha / sigma)}, half the log signal-to-noise ratio: infinity without
   * noise, minus infinity without signal}
   */
  public double lambda() {
    return Math.log(alpha) - Math.log(sigma);
  }

  /**
   * {@return {@code sigma / alpha}, which is k-diffusion's sigma of the level; infinity without
   * signal}
   */
  public double ratio() {
    return sigma / alpha;
  }
}
