package dev.likeness.schedulers.solvers;

import dev.likeness.schedulers.Call;
import dev.likeness.schedulers.Combination;
import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.PlanBuilder;
import dev.likeness.schedulers.SigmaSchedule;
import java.util.function.DoubleUnaryOperator;

/**
 * Noise added before a step, which then starts that much higher (arXiv:2206.00364, algorithm 2;
 * k-diffusion's s_churn).
 *
 * <p>Before the first step no row can draw: the run begins with that much more noise at once, which
 * is distributed alike.
 *
 * @param amount the churn of the whole run, at least 0
 * @param minSigma the sigma below which nothing is churned
 * @param maxSigma the sigma above which nothing is churned
 * @param noiseScale a factor of the noise, mostly 1
 * @param timesteps what the network is told at a raised sigma
 */
public record Churn(
    double amount,
    double minSigma,
    double maxSigma,
    double noiseScale,
    DoubleUnaryOperator timesteps) {
  /** Nothing is added. */
  public static final Churn NONE = new Churn(0, 0, Double.POSITIVE_INFINITY, 1, sigma -> sigma);

  private static final double MAX_GAMMA = Math.sqrt(2) - 1;

  /** The level at which step i starts. */
  NoiseLevel level(SigmaSchedule sigmaSchedule, int i) {
    double sigma = sigmaSchedule.at(i).sigma();
    boolean applies = amount > 0 && sigma >= minSigma && sigma <= maxSigma;
    return applies
        ? NoiseLevel.varianceExploding(
            sigma * (1 + Math.min(amount / sigmaSchedule.size(), MAX_GAMMA)))
        : sigmaSchedule.at(i);
  }

  /**
   * Raises the sample to that level with noise drawn in the row before, and calls the network on
   * it.
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
