package dev.likeness.schedulers;

import dev.likeness.schedulers.internal.BetaSchedule;
import dev.likeness.schedulers.internal.Sigmas;
import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;

/**
 * The noise levels that a network was trained at, one for each integer timestep. They are in
 * variance-preserving form and in double precision.
 *
 * <p>{@code alphaBar(t)} is the product of {@code 1 - beta} over all timesteps up to and including
 * {@code t}. A training sample is {@code sqrt(alphaBar) * x0 + sqrt(1 - alphaBar) * n}.
 */
public final class NoiseSchedule {
  /**
   * The alphaBar that schedulers of k-diffusion's form use instead of 0 at the last timestep after
   * {@link #rescaleZeroTerminalSnr}. It keeps the sigma of this timestep finite.
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
   * {@return the noise schedule with the given betas (DDPM, arXiv:2006.11239, equation 4)}
   *
   * @param betas the variances that the timesteps add, each in 0..1; at least one beta
   * @throws IllegalArgumentException if {@code betas} is empty, or if a beta is not in 0..1
   */
  public static NoiseSchedule ofBetas(double... betas) {
    if (betas.length == 0) {
      throw new IllegalArgumentException("a noise schedule needs at least 1 beta, got none");
    }
    double[] alphaBar = new double[betas.length];
    double product = 1;
    for (int t = 0; t < betas.length; t++) {
      if (!(betas[t] >= 0 && betas[t] <= 1)) {
        throw new IllegalArgumentException(
            "the beta of timestep " + t + " must be in 0..1, got " + betas[t]);
      }
      product *= 1 - betas[t];
      alphaBar[t] = product;
    }
    return new NoiseSchedule(alphaBar);
  }

  /**
   * {@return the noise schedule of a scheduler's options} If the option {@code trained_betas} is
   * set, it contains the betas. Otherwise, the betas follow {@code beta_schedule} from
   * {@code beta_start} (default 0.0001) to {@code beta_end} (default 0.02) over
   * {@code num_train_timesteps}. The option {@code rescale_betas_zero_snr} is not applied.
   *
   * @param options the options of a scheduler class for networks that were trained on betas
   * @throws IllegalArgumentException if no beta schedule has the name in {@code beta_schedule}, if
   *     a required option is absent or has the wrong type, or if a number is out of its range
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
   * {@return the noise schedule of Stable Diffusion 1 and 2 and SDXL: 1000 timesteps with scaled
   * linear betas from 0.00085 to 0.012}
   */
  public static NoiseSchedule stableDiffusion() {
    return ofBetas(BetaSchedule.SCALED_LINEAR.betas(0.00085, 0.012, 1000));
  }

  /**
   * {@return a copy of this schedule, rescaled so that its last timestep has no signal
   * (arXiv:2305.08891, algorithm 1)}
   */
  public NoiseSchedule rescaleZeroTerminalSnr() {
    double first = Math.sqrt(alphaBar[0]);
    double last = Math.sqrt(alphaBar[alphaBar.length - 1]);
    return mapAlphaBars(bar -> {
      double root = (Math.sqrt(bar) - last) * (first / (first - last));
      return root * root;
    });
  }

  /**
   * {@return a copy of this schedule, with a function applied to every alphaBar}
   *
   * @param alphaBars maps each alphaBar, 0..1, to its new value, 0..1
   */
  public NoiseSchedule mapAlphaBars(DoubleUnaryOperator alphaBars) {
    return new NoiseSchedule(Arrays.stream(alphaBar).map(alphaBars).toArray());
  }

  /**
   * {@return a copy of this schedule with the given alphaBar at its last timestep}
   *
   * @param lastAlphaBar the new alphaBar, 0..1
   */
  public NoiseSchedule withLastAlphaBar(double lastAlphaBar) {
    double[] changed = alphaBar.clone();
    changed[changed.length - 1] = lastAlphaBar;
    return new NoiseSchedule(changed);
  }

  /** {@return the number of training timesteps} */
  public int length() {
    return alphaBar.length;
  }

  /**
   * {@return alphaBar at a timestep: an element of diffusers' {@code alphas_cumprod}}
   *
   * @param timestep the timestep, in {@code 0..length()-1}
   * @throws IllegalArgumentException if the timestep is outside this range
   */
  public double alphaBar(int timestep) {
    if (timestep < 0 || timestep >= alphaBar.length) {
      throw new IllegalArgumentException(
          "timestep must be in 0.." + (alphaBar.length - 1) + ", got " + timestep);
    }
    return alphaBar[timestep];
  }

  /** {@return a copy of all alphaBars by timestep: diffusers' {@code alphas_cumprod}} */
  public double[] alphaBars() {
    return alphaBar.clone();
  }

  /**
   * {@return the noise level of a training timestep}
   *
   * @param timestep the timestep, in {@code 0..length()-1}
   * @throws IllegalArgumentException if the timestep is outside this range
   */
  public NoiseLevel level(int timestep) {
    return NoiseLevel.ofAlphaBar(alphaBar(timestep));
  }

  /**
   * {@return the signal-to-noise ratio {@code alpha^2 / sigma^2} at a timestep, for min-SNR
   * weighting}
   *
   * @param timestep the timestep, in {@code 0..length()-1}
   * @throws IllegalArgumentException if the timestep is outside this range
   */
  public double snr(int timestep) {
    return alphaBar(timestep) / (1 - alphaBar(timestep));
  }

  /**
   * {@return a copy of {@code sigma / alpha} (k-diffusion's sigma) at every timestep, in the order
   * of the timesteps}
   */
  public double[] sigmas() {
    return sigmas.clone();
  }

  /**
   * {@return {@code sigma / alpha} at the given timesteps} Values between two trained timesteps are
   * interpolated linearly. Timesteps outside {@code 0..length()-1} get the value at the nearer end.
   *
   * @param timesteps trained timesteps, which may be fractional
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
   * {@return the timesteps of the given sigmas} Timesteps are interpolated linearly in log sigma,
   * and limited to {@code 0..length()-1}.
   *
   * @param sigmas {@code sigma / alpha}, at least 0
   */
  public double[] timesteps(double[] sigmas) {
    return Sigmas.map(sigmas, sigma -> timestep(Math.log(Math.max(sigma, 1e-10))));
  }

  // The sigmas of a rescaled schedule may fall once at their end, so the search starts there.
  private double timestep(double log) {
    if (logSigmas.length == 1) {
      return 0;
    }
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
