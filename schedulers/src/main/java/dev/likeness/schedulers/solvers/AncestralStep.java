package dev.likeness.schedulers.solvers;

import dev.likeness.schedulers.Combination;
import dev.likeness.schedulers.PlanBuilder;

/**
 * The split of a step into a longer deterministic step and fresh noise (arXiv:2011.13456, appendix
 * F; k-diffusion {@code get_ancestral_step}).
 *
 * @param sigmaDown the level that the deterministic part reaches
 * @param sigmaUp the standard deviation of the noise that is added there
 */
record AncestralStep(double sigmaDown, double sigmaUp) {
  /**
   * Returns the split between two sigmas of k-diffusion's form; {@code eta} 0 adds no noise, 1 as
   * much as DDPM.
   */
  static AncestralStep of(double sigma, double next, double eta) {
    double share =
        Math.max(0, 1 - next / sigma * (next / sigma)); // sigma may rise in a rescaled schedule
    double up = Math.min(next, eta * next * Math.sqrt(share));
    return new AncestralStep(Math.sqrt(next * next - up * up), up);
  }

  /** Returns the sample with fresh noise. */
  Combination addNoise(Combination x, PlanBuilder draft, double noiseScale) {
    return x.plus(draft.noise().times(sigmaUp * noiseScale));
  }

  /**
   * The split of a flow step into a longer deterministic step and a return to the next level, as in
   * ComfyUI's ancestral flow samplers. The sample is scaled to the signal of the next level, and
   * noise is added.
   *
   * @param sigmaDown the level that the deterministic part reaches
   * @param scale the factor of the sample there
   * @param renoise the standard deviation of the noise that is added
   */
  record FlowAncestral(double sigmaDown, double scale, double renoise) {
    // Avoids a division by zero at a level without signal, as in the references.
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

    /** Returns the sample at the next level; unchanged if the step does not go past it. */
    Combination addNoise(Combination x, PlanBuilder draft, double noiseScale) {
      return renoise == 0 || noiseScale == 0
          ? x
          : x.times(scale).plus(draft.noise().times(renoise * noiseScale));
    }
  }
}
