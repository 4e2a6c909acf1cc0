package dev.likeness.schedulers;

import java.util.function.Supplier;

/** The network, noise and samples of {@code tools/goldens/schedulers.py}, formula by formula. */
public final class ToyNetwork {
  /** A first sample of unit noise. */
  public static final double[] UNIT = {0.7, -1.3, 0.4};
  /** A clean image. */
  public static final double[] IMAGE = {0.9, -0.2, 0.5};

  private ToyNetwork() {}

  /** A smooth non-linear network that mixes neighbouring values. */
  public static NumericSamplingLoop.Network withChannels(int channels) {
    return (x, timestep) -> {
      double[] out = new double[channels];
      for (int j = 0; j < channels; j++) {
        out[j] = Math.tanh(0.6 * x[j % 3] + 0.3 * x[(j + 1) % 3] - 0.1)
            + 0.2 * Math.cos(0.003 * timestep + j);
      }
      return out;
    };
  }

  /** Noise whose k-th draw is {@code 1.5 sin(1.7 k + 2.3 j + 0.5)}. */
  public static final class Noise implements Supplier<double[]> {
    private int count;

    @Override
    public double[] get() {
      double[] drawn = new double[3];
      for (int j = 0; j < 3; j++) {
        drawn[j] = 1.5 * Math.sin(1.7 * count + 2.3 * j + 0.5);
      }
      count++;
      return drawn;
    }

    /** How many draws were made. */
    public int count() {
      return count;
    }
  }
}
