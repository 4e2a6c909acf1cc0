package dev.likeness.schedulers.solvers;

import dev.likeness.schedulers.Call;
import dev.likeness.schedulers.Combination;
import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.PlanBuilder;
import dev.likeness.schedulers.SigmaSchedule;
import java.util.function.DoubleUnaryOperator;

/**
 * Adds noise before a step, so that the step starts at a higher sigma (arXiv:2206.00364, algorithm
 * 2; k-diffusion's s_churn).
 *
 * <p>Before the first step, churn adds no noise to the sample. Instead, the initial noise is
 * larger. The distribution of the samples is the same as with added noise.
 *
 * @param amount the amount of churn over the whole generation, at least 0 (k-diffusion:
 *     {@code s_churn})
 * @param minSigma the smallest sigma at which churn adds noise, at least 0
 * @param maxSigma the largest sigma at which churn adds noise, at least {@code minSigma}
 * @param noiseScale the factor that multiplies the added noise, at least 0; usually 1
 * @param timesteps maps the higher start sigma to the timestep for the network
 */
public record Churn(
    double amount,
    double minSigma,
    double maxSigma,
    double noiseScale,
    DoubleUnaryOperator timesteps) {
  /** No churn. */
  public static final Churn NONE = new Churn(0, 0, Double.POSITIVE_INFINITY, 1, sigma -> sigma);

  private static final double MAX_GAMMA = Math.sqrt(2) - 1;

  /**
   * Checks the ranges.
   *
   * @throws IllegalArgumentException if a number is out of its range or NaN, or if amount or noise
   *     scale is infinite
   */
  public Churn {
    boolean finite = Double.isFinite(amount) && Double.isFinite(noiseScale);
    if (!(finite && amount >= 0 && minSigma >= 0 && maxSigma >= minSigma && noiseScale >= 0)) {
      throw new IllegalArgumentException("churn needs amount, sigmas and noise scale of at least 0,"
          + " and a largest sigma that is not below the smallest, got amount " + amount
          + ", sigmas " + minSigma + ".." + maxSigma + " and noise scale " + noiseScale);
    }
  }

  /** Returns the level at which step i starts. */
  NoiseLevel level(SigmaSchedule sigmaSchedule, int i) {
    double sigma = sigmaSchedule.at(i).sigma();
    boolean applies = amount > 0 && sigma >= minSigma && sigma <= maxSigma;
    return applies
        ? NoiseLevel.varianceExploding(
            sigma * (1 + Math.min(amount / sigmaSchedule.size(), MAX_GAMMA)))
        : sigmaSchedule.at(i);
  }

  /**
   * Raises the sample to the level at which step i starts, with noise of the previous row, and
   * calls the network.
   */
  Call call(Combination x, SigmaSchedule sigmaSchedule, int i, PlanBuilder draft) {
    NoiseLevel hat = level(sigmaSchedule, i);
    double sigma = sigmaSchedule.at(i).sigma();
    if (hat.sigma() == sigma) {
      return draft.call(x, sigmaSchedule.timestep(i), hat);
    }
    double up = Math.sqrt(hat.sigma() * hat.sigma() - sigma * sigma) * noiseScale;
    Combination raised = i == sigmaSchedule.first()
        ? draft.start(Math.hypot(sigma, up))
        : x.plus(draft.noise().times(up));
    return draft.call(raised, timesteps.applyAsDouble(hat.sigma()), hat);
  }
}
