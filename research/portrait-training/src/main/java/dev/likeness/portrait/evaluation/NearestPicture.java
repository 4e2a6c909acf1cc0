package dev.likeness.portrait.evaluation;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.image.Resampler;
import dev.likeness.portrait.training.TrainingPictures;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Whether a model copies: how near its images are to the nearest training image, beside how near
 * renders of people whom no training saw are to it, as root mean squares of 32x32 thumbnails in
 * grey levels. What was learnt last comes first: of earlier runs people are drawn again by another
 * edition than they were learnt by.
 */
final class NearestPicture {
  private static final int SIDE = 32;

  private NearestPicture() {}

  static Map<String, Object> measure(
      List<RgbImage> drawn, List<RgbImage> unseen, TrainingPictures training, int most) {
    int count = Math.min(most, training.count());
    List<float[]> known = IntStream.range(0, count)
        .parallel()
        .mapToObj(i -> thumbnail(training.image(i)))
        .toList();
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("training images", known.size());
    row.put("of", training.count());
    put(row, "drawn", drawn, known);
    put(row, "unseen renders", unseen, known);
    return row;
  }

  private static void put(
      Map<String, Object> row, String what, List<RgbImage> images, List<float[]> known) {
    double[] nearest =
        images.stream().mapToDouble(one -> nearest(one, known)).sorted().toArray();
    row.put(what + ", median", nearest[nearest.length / 2]);
    row.put(what + ", nearest of all", nearest[0]);
  }

  /** How far an image is from the nearest of those with these thumbnails. */
  static double nearest(RgbImage image, List<float[]> known) {
    float[] own = thumbnail(image);
    return known.stream().mapToDouble(other -> apart(own, other)).min().orElseThrow();
  }

  private static double apart(float[] one, float[] other) {
    return Distances.between(one, other) / Math.sqrt(one.length);
  }

  /** An image's grey levels, 0 to 255, as 32x32 pixels of three channels. */
  static float[] thumbnail(RgbImage image) {
    byte[] small = Resampler.AREA.resize(image, SIDE, SIDE).rgb();
    float[] values = new float[small.length];
    for (int i = 0; i < small.length; i++) {
      values[i] = small[i] & 0xff;
    }
    return values;
  }
}
