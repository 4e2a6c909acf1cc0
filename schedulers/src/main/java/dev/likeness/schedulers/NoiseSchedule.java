package dev.likeness.schedulers;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;

/**
 * The noise levels that a network was trained at: one for each integer timestep,
 * variance-preserving, in double.
 *
 * <p>{@code alphaBar(t)} is the product of all {@code 1 - beta} up to {@code t}; a training sample
 * is {@code sqrt(alphaBar) * x0 + sqrt(1 - alphaBar) * n}.
 */
public final class NoiseSchedule {
  /**
   * The last signal that k-diffusion-like schedulers keep after rescaling, so that the first sigma
   * stays finite.
   */
  public static final double MIN_ALPHA_BAR = 0x1p-24;

  private final double[] alphaBar;
  private final double[] sigmas;
  private final double[] logSigmas;

  private NoiseSchedule(double[] alphaBar) {
    this.alphaBar = alphaBar;
    this.sigmas = Sigmas.map(alphaBar, bar -> Math.sqrt((1 - bar) / bar));
    this.logSigmas = Sigmas.map(sigmas, Math::log);
  }

  /**
   * The schedule of these betas (DDPM, arXiv:2006.11239, equation 4).
   *
   * @param betas the variance that each timestep adds, each in 0..1
   */
  public static NoiseSchedule ofBetas(double... betas) {
    if (betas.length == 0) {
      throw new IllegalArgumentException("a noise schedule needs at least 1 beta");
    }
    double[] alphaBar = new double[betas.length];
    double product = 1;
    for (int t = 0; t < betas.length; t++) {
      if (!(betas[t] >= 0 && betas[t] <= 1)) {
        throw new IllegalArgumentException("beta " + t + " must be in 0..1, got " + betas[t]);
      }
      product *= 1 - betas[t];
      alphaBar[t] = product;
    }
    return new NoiseSchedule(alphaBar);
  }

  /**
   * The schedule that options name: {@code trained_betas}, or {@code beta_schedule} between
   * {@code beta_start} and {@code beta_end} over {@code num_train_timesteps}. Rescaling is not
   * applied.
   */
  public static NoiseSchedule of(Options options) {
    double[] trained = options.numbers("trained_betas");
    return ofBetas(
        trained.length > 0
            ? trained
            : BetaSchedule.parse(options.text("beta_schedule"))
                .betas(
                    options.number("beta_start", 0.0001),
                    options.number("beta_end", 0.02),
                    options.integer("num_train_timesteps")));
  }

  /**
   * The schedule of Stable Diffusion 1 and 2 and SDXL: 1000 timesteps, scaled linear from 0.00085
   * to 0.012.
   */
  public static NoiseSchedule stableDiffusion() {
    return ofBetas(BetaSchedule.SCALED_LINEAR.betas(0.00085, 0.012, 1000));
  }

  /**
   * The same schedule shifted so that its last timestep holds no signal (arXiv:2305.08891,
   * algorithm 1).
   */
  public NoiseSchedule rescaleZeroTerminalSnr() {
    double first = Math.sqrt(alphaBar[0]);
    double last = Math.sqrt(alphaBar[alphaBar.length - 1]);
    return mapAlphaBars(bar -> {
      double root = (Math.sqrt(bar) - last) * (first / (first - last));
      return root * root;
    });
  }

  /** The same timesteps with every squared signal factor changed. */
  public NoiseSchedule mapAlphaBars(DoubleUnaryOperator alphaBars) {
    return new NoiseSchedule(Arrays.stream(alphaBar).map(alphaBars).toArray());
  }

  /** The same schedule with another signal at its last timestep. */
  public NoiseSchedule withLastAlphaBar(double lastAlphaBar) {
    double[] changed = alphaBar.clone();
    changed[changed.length - 1] = lastAlphaBar;
    return new NoiseSchedule(changed);
  }

  /** The number of training timesteps. */
  public int length() {
    return alphaBar.length;
  }

  /** The squared signal factor at a timestep in {@code 0..length()-1}. */
  public double alphaBar(int timestep) {
    if (timestep < 0 || timestep >= alphaBar.length) {
      throw new IllegalArgumentException(
          "timestep " + timestep + " is outside the trained 0.." + (alphaBar.length - 1));
    }
    return alphaBar[timestep];
  }

  /** All squared signal factors, by timestep. */
  public double[] alphaBars() {
    return alphaBar.clone();
  }

  /** What training adds at a timestep: {@code alpha * x0 + sigma * n}. */
  public NoiseLevel level(int timestep) {
    return NoiseLevel.ofAlphaBar(alphaBar(timestep));
  }

  /**
   * The signal-to-noise ratio {@code alpha^2 / sigma^2} at a timestep, as min-SNR weighting needs
   * it.
   */
  public double snr(int timestep) {
    return alphaBar(timestep) / (1 - alphaBar(timestep));
  }

  /** Noise over signal at every timestep, rising: k-diffusion's sigmas. */
  public double[] sigmas() {
    return sigmas.clone();
  }

  /**
   * Noise over signal at timesteps that may be fractional, straight between neighbours and flat
   * beyond the ends.
   */
  public double[] sigmas(double[] timesteps) {
    int last = sigmas.length - 1;
    return Sigmas.map(timesteps, timestep -> {
      int below = (int) Math.floor(Math.max(0, Math.min(last, timestep)));
      double share = Math.max(0, timestep - below);
      return below == last
          ? sigmas[below]
          : sigmas[below] + share * (sigmas[below + 1] - sigmas[below]);
    });
  }

  /**
   * The timesteps of noise levels between the trained ones, straight in the logarithm, within
   * 0..length()-1.
   */
  public double[] timesteps(double[] sigmas) {
    return Sigmas.map(sigmas, sigma -> timestep(Math.log(Math.max(sigma, 1e-10))));
  }

  // Rescaled schedules may fall once more at their very end, so the place is searched from there.
  private double timestep(double log) {
    int low = logSigmas.length - 2;
    while (low > 0 && logSigmas[low] > log && logSigmas[low + 1] > log) {
      low--;
    }
    double share = (logSigmas[low] - log) / (logSigmas[low] - logSigmas[low + 1]);
    return low + Math.max(0, Math.min(1, share));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof NoiseSchedule schedule && Arrays.equals(alphaBar, schedule.alphaBar);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(alphaBar);
  }

  @Override
  public String toString() {
    return "NoiseSchedule of " + alphaBar.length + " timesteps, alphaBar " + alphaBar[0] + " to "
        + alphaBar[alphaBar.length - 1];
  }
}
