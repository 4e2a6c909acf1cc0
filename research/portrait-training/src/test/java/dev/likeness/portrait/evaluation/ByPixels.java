package dev.likeness.portrait.evaluation;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.image.Resampler;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.face.Face;

/**
 * Knows an image by its pixels at a small size.
 *
 * @param side of that size
 * @param middle what is taken from each value, 0 to 255
 */
record ByPixels(int side, int middle) implements FaceEmbedder {
  @Override
  public float[] embed(RgbImage image, Face face) {
    byte[] small = Resampler.AREA.resize(image, side, side).rgb();
    float[] vector = new float[small.length];
    double sum = 0;
    for (int i = 0; i < small.length; i++) {
      vector[i] = (small[i] & 0xff) - middle;
      sum += vector[i] * (double) vector[i];
    }
    for (int i = 0; i < small.length; i++) {
      vector[i] /= (float) Math.sqrt(sum);
    }
    return vector;
  }

  @Override
  public double samePersonThreshold() {
    return .9;
  }

  @Override
  public String name() {
    return "for a test";
  }

  @Override
  public void close() {}
}
