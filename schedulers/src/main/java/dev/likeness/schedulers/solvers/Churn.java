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
 * @param least the sigma below which nothing is churned
 * @param most the sigma above which nothing is churned
 * @param noiseScale a factor of the noise, mostly 1
 * @param timesteps what the network is told at a raised sigma
 */
public record Churn(
    double amount, double least, double most, double noiseScale, DoubleUnaryOperator timesteps) {
  /** Nothing is added. */
  public static final Churn NONE = new Churn(0, 0, Double.POSITIVE_INFINITY, 1, sigma -> sigma);

  private static final double LARGEST_SHARE = Math.sqrt(2) - 1;

  /** The level at which step i starts. */
  NoiseLevel level(SigmaSchedule ladder, int i) {
    double sigma = ladder.at(i).sigma();
    boolean applies = amount > 0 && sigma >= least && sigma <= most;
    return applies
        ? NoiseLevel.exploding(sigma * (1 + Math.min(amount / ladder.size(), LARGEST_SHARE)))
        : ladder.at(i);
  }

  /**
   * Raises the sample to that level with noise drawn in the row before, and calls the network on
   * it.
   */
  Call call(Combination x, SigmaSchedule ladder, int i, PlanBuilder draft) {
    NoiseLevel hat = level(ladder, i);
    double sigma = ladder.at(i).sigma();
    if (hat.sigma() == sigma) {
      return draft.call(x, ladder.timestep(i), hat);
    }
    double up = Math.sqrt(hat.sigma() * hat.sigma() - sigma * sigma) * noiseScale;
    Combination raised = i == ladder.first()
        ? draft.start(Math.hypot(sigma, up))
        : x.plus(draft.noise().times(up));
    return draft.call(raised, timesteps.applyAsDouble(hat.sigma()), hat);
  }
}
