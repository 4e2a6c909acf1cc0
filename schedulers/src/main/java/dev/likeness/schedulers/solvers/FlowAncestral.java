package dev.likeness.schedulers.solvers;

import dev.likeness.schedulers.Combination;
import dev.likeness.schedulers.PlanBuilder;

/**
 * How a flow step is split into a longer step down and a return to the next level (ComfyUI's
 * ancestral flow samplers): the sample is scaled so that its signal is right, and noise makes up
 * the rest.
 *
 * @param down the level that the deterministic part reaches
 * @param scale the factor of the sample there
 * @param up the standard deviation of the noise that is added
 */
record FlowAncestral(double down, double scale, double up) {
  // Keeps a level without signal from dividing by zero, as the references do.
  private static final double LEAST = 1e-12;

  static FlowAncestral step(double sigma, double next, double eta) {
    double down = next * (1 + (next / sigma - 1) * eta);
    double alpha = 1 - next;
    double alphaDown = 1 - down;
    double up = next * next - down * down * alpha * alpha / (alphaDown * alphaDown + LEAST);
    return eta == 0
        ? new FlowAncestral(next, 1, 0)
        : new FlowAncestral(down, alpha / (alphaDown + LEAST), Math.sqrt(Math.max(0, up)));
  }

  /** The sample brought back up to the next level; untouched where nothing was overstepped. */
  Combination renoised(Combination x, PlanBuilder draft, double noiseScale) {
    return up == 0 || noiseScale == 0
        ? x
        : x.times(scale).plus(draft.noise().times(up * noiseScale));
  }
}
