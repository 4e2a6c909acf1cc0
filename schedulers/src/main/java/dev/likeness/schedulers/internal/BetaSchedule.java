package dev.likeness.schedulers.internal;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;

/**
 * The rule that gives beta, the variance of the noise added at a timestep. AlphaBar at a timestep
 * is the product of {@code 1 - beta} over all timesteps up to and including this timestep.
 */
public enum BetaSchedule {
  /** Beta is linear in the timestep (DDPM, arXiv:2006.11239). */
  LINEAR,
  /** The square root of beta is linear in the timestep (latent diffusion, arXiv:2112.10752). */
  SCALED_LINEAR,
  /** AlphaBar is a squared cosine (arXiv:2102.09672, equation 17). */
  SQUARED_COSINE,
  /**
   * Beta rises along the sigmoid function, from its input -6 to its input 6 (GeoDiff,
   * arXiv:2203.02923).
   */
  SIGMOID,
  /** The log signal-to-noise ratio has a Laplace distribution (arXiv:2407.03297). */
  LAPLACE,
  /**
   * AlphaBar is {@code exp(-12 t)}, where t is the timestep as a share of all timesteps (diffusers:
   * {@code betas_for_alpha_bar}).
   */
  EXPONENTIAL;

  /** The largest beta (diffusers: {@code betas_for_alpha_bar}). */
  private static final double MAX_BETA = 0.999;

  /**
   * {@return the beta schedule for a value of the config option {@code beta_schedule}}
   *
   * @param name {@code linear}, {@code scaled_linear}, {@code squaredcos_cap_v2}, {@code sigmoid},
   *     {@code laplace} or {@code exp}
   * @throws IllegalArgumentException if no beta schedule has this name; the message lists the names
   */
  public static BetaSchedule parse(String name) {
    return switch (name) {
      case "linear" -> LINEAR;
      case "scaled_linear" -> SCALED_LINEAR;
      case "squaredcos_cap_v2" -> SQUARED_COSINE;
      case "sigmoid" -> SIGMOID;
      case "laplace" -> LAPLACE;
      case "exp" -> EXPONENTIAL;
      default ->
        throw new IllegalArgumentException("unknown beta_schedule \"" + name
            + "\"; known: linear, scaled_linear, squaredcos_cap_v2, sigmoid, laplace, exp");
    };
  }

  /**
   * {@return the betas, one for each timestep}
   *
   * @param start the lower limit of the betas, 0..1; only linear, scaled linear and sigmoid use it
   * @param end the upper limit of the betas, 0..1; only linear, scaled linear and sigmoid use it
   * @param length the number of timesteps, at least 1
   */
  public double[] betas(double start, double end, int length) {
    return switch (this) {
      case LINEAR -> Sigmas.linspace(start, end, length);
      case SCALED_LINEAR ->
        map(Sigmas.linspace(Math.sqrt(start), Math.sqrt(end), length), root -> root * root);
      case SIGMOID ->
        map(Sigmas.linspace(-6, 6, length), x -> (end - start) / (1 + Math.exp(-x)) + start);
      case SQUARED_COSINE -> fromAlphaBar(length, BetaSchedule::squaredCosine);
      case LAPLACE -> fromAlphaBar(length, BetaSchedule::laplace);
      case EXPONENTIAL -> fromAlphaBar(length, share -> Math.exp(-12 * share));
    };
  }

  // The offset 0.008 keeps the first betas above 0 (arXiv:2102.09672, equation 17).
  private static double squaredCosine(double share) {
    double cos = Math.cos((share + 0.008) / 1.008 * Math.PI / 2);
    return cos * cos;
  }

  private static double laplace(double share) {
    double lambda =
        -0.5 * Math.copySign(1, 0.5 - share) * Math.log(1 - 2 * Math.abs(0.5 - share) + 1e-6);
    double snr = Math.exp(lambda);
    return Math.sqrt(snr / (1 + snr));
  }

  private static double[] fromAlphaBar(int length, DoubleUnaryOperator signal) {
    return IntStream.range(0, length)
        .mapToDouble(i -> {
          double before = signal.applyAsDouble((double) i / length);
          double after = signal.applyAsDouble((i + 1.0) / length);
          return Math.min(1 - after / before, MAX_BETA);
        })
        .toArray();
  }

  private static double[] map(double[] values, DoubleUnaryOperator each) {
    return Arrays.stream(values).map(each).toArray();
  }
}
