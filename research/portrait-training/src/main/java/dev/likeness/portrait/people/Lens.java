package dev.likeness.portrait.people;

import dev.likeness.diffusion.image.RgbImage;
import java.util.Random;

/**
 * From light to pixels: tone curve, two samples across and down to one, black and white, and a
 * phone's flaws.
 */
final class Lens {
  private static final byte[] SRGB = new byte[4097];

  static {
    for (int i = 0; i < SRGB.length; i++) {
      double x = i / 4096.0;
      double y = x <= .0031308 ? 12.92 * x : 1.055 * Math.pow(x, 1 / 2.4) - .055;
      SRGB[i] = (byte) Math.round(y * 255);
    }
  }

  private Lens() {}

  static RgbImage develop(Canvas canvas, Shot shot) {
    int size = canvas.size / 2;
    float[] rgb = new float[size * size * 3];
    for (int y = 0; y < size; y++) {
      for (int x = 0; x < size; x++) {
        int a = (2 * y * canvas.size + 2 * x) * 3;
        int b = a + canvas.size * 3;
        for (int c = 0; c < 3; c++) {
          rgb[(y * size + x) * 3 + c] = .25f
              * (tone(canvas.rgb[a + c])
                  + tone(canvas.rgb[a + 3 + c])
                  + tone(canvas.rgb[b + c])
                  + tone(canvas.rgb[b + 3 + c]));
        }
      }
    }
    soften(rgb, size);
    if (shot.noise() > 0) {
      phone(rgb, size, shot);
    }
    if (shot.style() == Style.MONOCHROME) {
      gray(rgb);
    }
    byte[] out = new byte[rgb.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = SRGB[(int) (Maths.clamp(rgb[i], 0, 1) * 4096)];
    }
    return RgbImage.of(size, size, out);
  }

  /**
   * The spread of a real lens and sensor: a Gaussian of 0.28 % of the image's side, by repeated
   * three-tap blurs, whose variances add up. Without it single strands and edges are sharper than
   * any photograph.
   */
  private static void soften(float[] rgb, int size) {
    double variance = .5 * size * size / (256.0 * 256);
    int passes = (int) Math.ceil(2 * variance);
    for (int i = 0; i < passes; i++) {
      Blur.threeTap(rgb, size, (float) (variance / (2 * passes)));
    }
  }

  /** Straight up to middle tones, then a shoulder that never clips hard. */
  private static float tone(float x) {
    x *= 1.12f;
    return x < .55f
        ? x
        : .55f + .45f * (1 - 1 / (1 + (x - .55f) / .45f + (x - .55f) * (x - .55f) * 1.2f));
  }

  private static void gray(float[] rgb) {
    for (int i = 0; i < rgb.length; i += 3) {
      float v = .34f * rgb[i] + .56f * rgb[i + 1] + .10f * rgb[i + 2];
      v = v * (.80f + .45f * v / (v + .25f));
      rgb[i] = v;
      rgb[i + 1] = v;
      rgb[i + 2] = v;
    }
  }

  private static void phone(float[] rgb, int size, Shot shot) {
    Random random = new Random(shot.seed() ^ 0x70686f6eL);
    float cast = .12f * ((float) random.nextGaussian());
    float expose = 1 + .12f * (float) random.nextGaussian();
    if (random.nextFloat() < .25f * shot.noise()) {
      Blur.box(rgb, size, 1);
    }
    float haze = random.nextFloat() < .3f ? .03f : 0;
    float grain = .018f * shot.noise();
    for (int i = 0; i < rgb.length; i += 3) {
      float shared = gaussian(random) * grain;
      for (int c = 0; c < 3; c++) {
        float k = expose * (c == 0 ? 1 + .5f * cast : c == 2 ? 1 - .5f * cast : 1);
        float v = rgb[i + c] * k + haze;
        rgb[i + c] =
            v + (shared + gaussian(random) * grain * .6f) * (float) Math.sqrt(Math.max(.02f, v));
      }
    }
  }

  private static float gaussian(Random random) {
    return (random.nextFloat() + random.nextFloat() + random.nextFloat() - 1.5f) * 2;
  }
}
