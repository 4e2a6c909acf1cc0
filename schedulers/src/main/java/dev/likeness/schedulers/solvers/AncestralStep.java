package dev.likeness.schedulers.solvers;

/**
 * How a step to a level is split into a longer step down and fresh noise back up (arXiv:2011.13456,
 * appendix F; k-diffusion {@code get_ancestral_step}).
 *
 * @param down the level that the deterministic part reaches
 * @param up the standard deviation of the noise that is added there
 */
record AncestralStep(double down, double up) {
  /**
   * The split between two sigmas of k-diffusion's form; {@code eta} 0 adds nothing, 1 as much as
   * DDPM.
   */
  static AncestralStep step(double sigma, double next, double eta) {
    double share =
        Math.max(0, 1 - next / sigma * (next / sigma)); // a step may climb a rescaled ladder
    double up = Math.min(next, eta * next * Math.sqrt(share));
    return new AncestralStep(Math.sqrt(next * next - up * up), up);
  }
}
