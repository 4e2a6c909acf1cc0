package dev.likeness.diffusion.tensor;

/** Ways from one vector to another, for latents, prompt embeddings and face embeddings alike. */
public final class Interpolation {
  // Nearly parallel vectors have no arc worth dividing by: the same limit as diffusers' examples.
  private static final double PARALLEL = 0.9995;

  private Interpolation() {}

  /** {@code (1 - share) a + share b}; the two have the same length. */
  public static float[] lerp(float[] a, float[] b, double share) {
    return sum(1 - share, a, share, b);
  }

  /**
   * Spherical interpolation (Shoemake 1985): {@code sin((1 - share) theta) / sin(theta) a +
   * sin(share theta) / sin(theta) b} with the angle {@code theta} between the two; straight where
   * they are nearly parallel.
   */
  public static float[] slerp(float[] a, float[] b, double share) {
    double cosine = cosine(a, b);
    if (Math.abs(cosine) > PARALLEL) {
      return lerp(a, b, share);
    }
    double theta = Math.acos(cosine);
    return sum(
        Math.sin((1 - share) * theta) / Math.sin(theta),
        a,
        Math.sin(share * theta) / Math.sin(theta),
        b);
  }

  private static double cosine(float[] a, float[] b) {
    double product = 0;
    double lengthOfA = 0;
    double lengthOfB = 0;
    for (int i = 0; i < requireSameLength(a, b); i++) {
      product += (double) a[i] * b[i];
      lengthOfA += (double) a[i] * a[i];
      lengthOfB += (double) b[i] * b[i];
    }
    return product == 0 ? 0 : product / Math.sqrt(lengthOfA * lengthOfB);
  }

  private static float[] sum(double p, float[] a, double q, float[] b) {
    float[] sum = new float[requireSameLength(a, b)];
    for (int i = 0; i < sum.length; i++) {
      sum[i] = (float) (p * a[i] + q * b[i]);
    }
    return sum;
  }

  private static int requireSameLength(float[] a, float[] b) {
    if (a.length != b.length) {
      throw new IllegalArgumentException(
          "vectors of " + a.length + " and " + b.length + " values do not mix");
    }
    return a.length;
  }
}
