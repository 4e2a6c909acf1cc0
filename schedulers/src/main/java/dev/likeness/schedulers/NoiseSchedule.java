package dev.likeness.schedulers;

import java.util.Arrays;

/** The noise levels that a network was trained at: one for each integer timestep, variance-preserving, in double. */
public final class NoiseSchedule {
  private final double[] alphaBar;

  private NoiseSchedule(double[] alphaBar) {
    this.alphaBar = alphaBar;
  }

  /** The schedule of these betas (DDPM, arXiv:2006.11239, equation 4). */
  public static NoiseSchedule ofBetas(double... betas) {
    double[] alphaBar = new double[betas.length];
    double product = 1;
    for (int t = 0; t < betas.length; t++) {
      product *= 1 - betas[t];
      alphaBar[t] = product;
    }
    return new NoiseSchedule(alphaBar);
  }

  /** The number of training timesteps. */
  public int length() {
    return alphaBar.length;
  }

  /** The squared signal factor at a timestep in {@code 0..length()-1}. */
  public double alphaBar(int timestep) {
    return alphaBar[timestep];
  }

  /** All squared signal factors, by timestep. */
  public double[] alphaBars() {
    return alphaBar.clone();
  }

  /** What training adds at a timestep: {@code alpha * x0 + sigma * n}. */
  public NoiseLevel level(int timestep) {
    return NoiseLevel.ofAlphaBar(alphaBar[timestep]);
  }

  /** The signal-to-noise ratio {@code alpha^2 / sigma^2} at a timestep. */
  public double snr(int timestep) {
    return alphaBar[timestep] / (1 - alphaBar[timestep]);
  }

  @Override public boolean equals(Object other) {
    return other instanceof NoiseSchedule schedule && Arrays.equals(alphaBar, schedule.alphaBar);
  }

  @Override public int hashCode() {
    return Arrays.hashCode(alphaBar);
  }
}
