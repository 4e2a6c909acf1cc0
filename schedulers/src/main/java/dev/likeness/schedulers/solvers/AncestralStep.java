package dev.likeness.schedulers.solvers;

import dev.likeness.schedulers.Combination;
import dev.likeness.schedulers.PlanBuilder;

/**
 * How a step to a level is split into a longer step down and fresh noise back up (arXiv:2011.13456,
 * appendix F; k-diffusion {@code get_ancestral_step}).
 *
 * @param sigmaDown the level that the deterministic part reaches
 * @param sigmaUp the standard deviation of the noise that is added there
 */
record AncestralStep(double sigmaDown, double sigmaUp) {
  /**
   * The split between two sigmas of k-diffusion's form; {@code eta} 0 adds nothing, 1 as much as
   * DDPM.
   */
  static AncestralStep of(double sigma, double next, double eta) {
    double share =
        Math.max(0, 1 - next / sigma * (next / sigma)); // a step may climb a rescaled ladder
    double up = Math.min(next, eta * next * Math.sqrt(share));
    return new AncestralStep(Math.sqrt(next * next - up * up), up);
  }

  /**
   * How a flow step is split into a longer step down and a return to the next level (ComfyUI's
   * ancestral flow samplers): the sample is scaled so that its signal is right, and noise makes up
   * the rest.
   *
   * @param sigmaDown the level that the deterministic part reaches
   * @param scale the factor of the sample there
   * @param renoise the standard deviation of the noise that is added
   */
  record FlowAncestral(double sigmaDown, double scale, double renoise) {
    // Keeps a level without signal from dividing by zero, as the references do.
    private static final double MIN_DENOMINATOR = 1e-12;

    static FlowAncestral of(double sigma, double next, double eta) {
      double down = next * (1 + (next / sigma - 1) * eta);
      double alpha = 1 - next;
      double alphaDown = 1 - down;
      double up =
          next * next - down * down * alpha * alpha / (alphaDown * alphaDown + MIN_DENOMINATOR);
      return eta == 0
          ? new FlowAncestral(next, 1, 0)
          : new FlowAncestral(
              down, alpha / (alphaDown + MIN_DENOMINATOR), Math.sqrt(Math.max(0, up)));
    }

    /** The sample brought back up to the next level; untouched where nothing was overstepped. */
    Combination addNoise(Combination x, PlanBuilder draft, double noiseScale) {
      return renoise == 0 || noiseScale == 0
          ? x
          : x.times(scale).plus(draft.noise().times(renoise * noiseScale));
    }
  }
}
