package dev.likeness.diffusion.internal.resampling;

/**
 * The weight of a pixel by its distance from the place of an output pixel, in pixels of the coarser
 * of both images. Formulas and order of operations as in Pillow's {@code Resample.c}.
 */
public enum ResamplingKernel {
  /** Linear interpolation. */
  LINEAR(1) {
    @Override
    public double weight(double distance) {
      return Math.max(0, 1 - Math.abs(distance));
    }
  },
  /** Keys' cubic convolution with a = -0.5 (Catmull-Rom; Keys 1981, equation 15). */
  CUBIC(2) {
    @Override
    public double weight(double distance) {
      double a = Math.abs(distance);
      return a < 1 ? (1.5 * a - 2.5) * a * a + 1 : a < 2 ? -0.5 * (((a - 5) * a + 8) * a - 4) : 0;
    }
  },
  /** Lanczos with three lobes. */
  LANCZOS(3) {
    @Override
    public double weight(double distance) {
      return -3 <= distance && distance < 3 ? sinc(distance) * sinc(distance / 3) : 0;
    }
  };

  private final double support;

  ResamplingKernel(double support) {
    this.support = support;
  }

  /** Returns the weight at a distance. */
  public abstract double weight(double distance);

  /** Returns the largest distance with a weight. */
  public double support() {
    return support;
  }

  private static double sinc(double x) {
    return x == 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
  }
}
