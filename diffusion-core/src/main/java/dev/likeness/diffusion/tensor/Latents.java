package dev.likeness.diffusion.tensor;

import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Latents of a base model: a noisy or clean image before decoding, or noise.
 *
 * @param values [channels, height, width] in row-major order, in the denoising network's scale (VAE
 *     scaling and shift applied)
 * @param channels the number of channels, for example 4 for Stable Diffusion XL and 16 for FLUX.1
 * @param height the height in latent pixels, at least 1
 * @param width the width in latent pixels, at least 1
 */
public record Latents(float[] values, int channels, int height, int width) {
  /**
   * Checks the shape and copies the values.
   *
   * @throws IllegalArgumentException if a dimension is less than 1, or if the number of values is
   *     not {@code channels * height * width}
   */
  public Latents {
    if (channels < 1 || height < 1 || width < 1 || values.length != channels * height * width) {
      throw new IllegalArgumentException("latents need dimensions of at least 1 and one value for"
          + " each element, got shape [" + channels + ", " + height + ", " + width + "] and "
          + values.length + " values");
    }
    values = values.clone();
  }

  /**
   * Copies a tensor to latents.
   *
   * @param tensor [1, channels, height, width], of any float type and device
   * @return new latents; the caller keeps ownership of the tensor
   * @throws IllegalArgumentException if the first dimension is not 1
   */
  public static Latents of(Tensor tensor) {
    Tensor flat = tensor.to(ScalarType.Float).cpu().contiguous();
    float[] values = new float[Math.toIntExact(flat.numel())];
    new FloatPointer(flat.data_ptr()).get(values);
    return new Latents(
        values,
        Math.toIntExact(tensor.size(1)),
        Math.toIntExact(tensor.size(2)),
        Math.toIntExact(tensor.size(3)));
  }

  /** {@return a copy of the values, [channels, height, width] in row-major order} */
  @Override
  public float[] values() {
    return values.clone();
  }

  /** {@return channels, height and width, in this order; a new array} */
  public long[] shape() {
    return new long[] {channels, height, width};
  }

  /**
   * {@return a new tensor [1, channels, height, width], f32 on the CPU; the caller's scope owns it}
   */
  public Tensor toTensor() {
    return torch.tensor(values).view(1, channels, height, width);
  }

  /**
   * {@return the linear interpolation between these latents and others of the same shape}
   *
   * @param other the other latents
   * @param share the weight of the other latents: 0 returns these latents, 1 returns the others
   * @throws IllegalArgumentException if the shapes differ
   */
  public Latents lerp(Latents other, double share) {
    return withValues(Interpolation.lerp(values, requireSameShape(other).values, share));
  }

  /**
   * {@return the spherical interpolation between these latents and others of the same shape}
   * Interpolated Gaussian noise stays Gaussian.
   *
   * @param other the other latents
   * @param share the weight of the other latents: 0 returns these latents, 1 returns the others
   * @throws IllegalArgumentException if the shapes differ
   */
  public Latents slerp(Latents other, double share) {
    return withValues(Interpolation.slerp(values, requireSameShape(other).values, share));
  }

  /**
   * {@return these latents, resized by bilinear interpolation (torch: {@code align_corners=False})}
   *
   * @param newHeight the height in latent pixels, at least 1
   * @param newWidth the width in latent pixels, at least 1
   * @throws IllegalArgumentException if a side is below 1
   */
  public Latents resize(int newHeight, int newWidth) {
    if (newHeight < 1 || newWidth < 1) {
      throw new IllegalArgumentException("latents must have at least one pixel, got height "
          + newHeight + " and width " + newWidth);
    }
    float[] out = new float[channels * newHeight * newWidth];
    for (int y = 0, at = 0; y < newHeight; y++) {
      for (int x = 0; x < newWidth; x++, at++) {
        double v = sourcePosition(y, height, newHeight);
        double u = sourcePosition(x, width, newWidth);
        for (int c = 0; c < channels; c++) {
          double upper = interpolate(c, (int) v, u);
          double lower = interpolate(c, Math.min((int) v + 1, height - 1), u);
          out[c * newHeight * newWidth + at] = (float) (upper + (lower - upper) * (v - (int) v));
        }
      }
    }
    return new Latents(out, channels, newHeight, newWidth);
  }

  private static double sourcePosition(int index, int from, int to) {
    return Math.max(0, (index + 0.5) * from / to - 0.5);
  }

  private double interpolate(int c, int row, double u) {
    int first = (c * height + row) * width;
    double left = values[first + (int) u];
    return left + (values[first + Math.min((int) u + 1, width - 1)] - left) * (u - (int) u);
  }

  private Latents withValues(float[] others) {
    return new Latents(others, channels, height, width);
  }

  private Latents requireSameShape(Latents other) {
    if (other.channels != channels || other.height != height || other.width != width) {
      throw new IllegalArgumentException(
          "latents must have the same shape, got " + shapeText() + " and " + other.shapeText());
    }
    return other;
  }

  private String shapeText() {
    return "[" + channels + ", " + height + ", " + width + "]";
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Latents l
        && java.util.Arrays.equals(shape(), l.shape())
        && java.util.Arrays.equals(values, l.values);
  }

  @Override
  public int hashCode() {
    return java.util.Arrays.hashCode(values);
  }

  @Override
  public String toString() {
    return "latents " + shapeText();
  }

  /** Interpolation of vectors: latents, prompt embeddings and face embeddings. */
  public static final class Interpolation {
    // slerp divides by a sine near 0 for nearly parallel or opposite vectors; the limit is that of
    // diffusers' examples.
    private static final double PARALLEL = 0.9995;

    private Interpolation() {}

    /**
     * {@return {@code (1 - share) a + share b}}
     *
     * @param a a vector of any length
     * @param b a vector of the same length
     * @param share the weight of {@code b}: 0 returns {@code a}, 1 returns {@code b}
     * @throws IllegalArgumentException if the lengths differ
     */
    public static float[] lerp(float[] a, float[] b, double share) {
      return sum(1 - share, a, share, b);
    }

    /**
     * {@return the spherical interpolation of two vectors; linear if they are nearly parallel or
     * nearly opposite}
     *
     * <p>The result is {@code sin((1 - share) theta) / sin(theta) a + sin(share theta) / sin(theta)
     * b}, where {@code theta} is the angle between the vectors (Shoemake 1985).
     *
     * @param a a vector of any length
     * @param b a vector of the same length
     * @param share the weight of {@code b}: 0 returns {@code a}, 1 returns {@code b}
     * @throws IllegalArgumentException if the lengths differ
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
            "vectors must have the same length, got " + a.length + " and " + b.length);
      }
      return a.length;
    }
  }
}
