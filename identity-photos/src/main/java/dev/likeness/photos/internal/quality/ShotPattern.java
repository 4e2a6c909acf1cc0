package dev.likeness.photos.internal.quality;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.image.Resampler;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.internal.image.Luma;

/**
 * The pattern of light and dark in and around a face. It finds copies of a shot that are mirrored,
 * cropped, resized or saved again: one pattern is moved, scaled and mirrored until it fits the
 * other best. Immutable.
 */
public final class ShotPattern {
  // Pixels per side. The face's box takes up the middle half of it.
  private static final int SIDE = 192;
  private static final int COARSE_SIDE = SIDE / 2;
  // Grid points per side that are compared, in the coarse and in the fine search.
  private static final int COARSE_POINTS = 12;
  private static final int FINE_POINTS = 32;
  // The detector places the box of a copy at most this share of its width and this factor off.
  private static final double MAX_SHIFT = 0.2;
  private static final double SHIFT_STEP = 0.05;
  private static final double SCALE_STEP = 1.1;
  private static final int SCALE_STEPS = 2;
  // Faces of other shots rarely correlate more than this in the coarse search.
  private static final double COARSE_MATCH = 0.5;
  private static final double FINEST_STEP = 0.003;

  private final float[] fine;
  private final float[] coarse;

  private ShotPattern(float[] fine, float[] coarse) {
    this.fine = fine;
    this.coarse = coarse;
  }

  /** Returns the pattern of {@code face} in {@code image}. */
  public static ShotPattern of(RgbImage image, Face face) {
    BoundingBox around = face.box().expanded(0.5);
    return new ShotPattern(
        bandPass(image, around, SIDE, 1, SIDE / 16),
        bandPass(image, around, COARSE_SIDE, 2, COARSE_SIDE / 12));
  }

  // Leaves out slow changes of the light, noise and compression.
  private static float[] bandPass(RgbImage image, BoundingBox area, int side, int near, int far) {
    Luma luma = Luma.of(
        Resampler.AREA.resize(image, area.x(), area.y(), area.width(), area.height(), side, side));
    float[] values = new float[side * side];
    for (int i = 0; i < values.length; i++) {
      values[i] = luma.at(i % side, i / side);
    }
    float[] smooth = blurred(blurred(values, side, near), side, near);
    float[] background = blurred(blurred(values, side, far), side, far);
    for (int i = 0; i < values.length; i++) {
      values[i] = smooth[i] - background[i];
    }
    return values;
  }

  // Returns the means over squares of 2 * reach + 1 pixels.
  private static float[] blurred(float[] values, int side, int reach) {
    return blurredRows(blurredRows(values, side, reach), side, reach);
  }

  // Blurs along the rows and swaps rows and columns.
  private static float[] blurredRows(float[] values, int side, int reach) {
    float[] out = new float[values.length];
    for (int y = 0; y < side; y++) {
      for (int x = 0; x < side; x++) {
        float sum = 0;
        for (int k = -reach; k <= reach; k++) {
          sum += values[y * side + Math.max(0, Math.min(side - 1, x + k))];
        }
        out[x * side + y] = sum / (2 * reach + 1);
      }
    }
    return out;
  }

  /**
   * Returns how well another pattern can be made to fit this one.
   *
   * @return the fit with its distance of 0 (the same shot) to 1; 1 if they do not fit at all
   */
  public Fit fit(ShotPattern other) {
    Fit plain = search(other, false);
    Fit mirrored = search(other, true);
    return mirrored.distance() < plain.distance() ? mirrored : plain;
  }

  private Fit search(ShotPattern other, boolean mirrored) {
    double[] given = samples(coarse, COARSE_SIDE, COARSE_POINTS, Placement.NONE, false);
    Placement best = Placement.NONE;
    double highest = -1;
    for (int k = -SCALE_STEPS; k <= SCALE_STEPS; k++) {
      double scale = Math.pow(SCALE_STEP, k);
      for (double dx = -MAX_SHIFT; dx <= MAX_SHIFT + 1e-9; dx += SHIFT_STEP) {
        for (double dy = -MAX_SHIFT; dy <= MAX_SHIFT + 1e-9; dy += SHIFT_STEP) {
          Placement tried = new Placement(dx, dy, scale);
          double value = correlation(
              given, samples(other.coarse, COARSE_SIDE, COARSE_POINTS, tried, mirrored));
          if (value > highest) {
            highest = value;
            best = tried;
          }
        }
      }
    }
    return highest < COARSE_MATCH
        ? new Fit(1, mirrored)
        : new Fit(Math.min(1, 1 - refined(other, best, mirrored)), mirrored);
  }

  // Climbs to the nearest maximum of the correlation, with smaller and smaller steps.
  private double refined(ShotPattern other, Placement start, boolean mirrored) {
    double[] given = samples(fine, SIDE, FINE_POINTS, Placement.NONE, false);
    Placement best = start;
    double highest = correlation(given, samples(other.fine, SIDE, FINE_POINTS, best, mirrored));
    for (double step = SHIFT_STEP / 2; step > FINEST_STEP; ) {
      Placement from = best;
      for (int move = 0; move < 6; move++) {
        double by = move % 2 == 0 ? step : -step;
        Placement tried = new Placement(
            from.dx() + (move / 2 == 0 ? by : 0),
            from.dy() + (move / 2 == 1 ? by : 0),
            from.scale() * (move / 2 == 2 ? 1 + 2 * by : 1));
        double value = correlation(given, samples(other.fine, SIDE, FINE_POINTS, tried, mirrored));
        if (value > highest) {
          highest = value;
          best = tried;
        }
      }
      step = best == from ? step / 2 : step;
    }
    return highest;
  }

  // Returns the values at a grid over the face's box, moved, scaled and mirrored by a placement.
  private static double[] samples(
      float[] values, int side, int points, Placement place, boolean mirrored) {
    double[] out = new double[points * points];
    double middle = (side - 1) / 2.0;
    double half = side / 2.0;
    for (int j = 0; j < points; j++) {
      double y = middle + half * (place.scale() * (0.9 * j / (points - 1) - 0.45) + place.dy());
      for (int i = 0; i < points; i++) {
        double x = half * (place.scale() * (0.9 * i / (points - 1) - 0.45) + place.dx());
        out[j * points + i] = sample(values, side, middle + (mirrored ? -x : x), y);
      }
    }
    return out;
  }

  // Returns the correlation, -1 to 1; 0 if one of them has one value only.
  private static double correlation(double[] one, double[] other) {
    double sumA = 0;
    double sumB = 0;
    double sumAa = 0;
    double sumBb = 0;
    double sumAb = 0;
    for (int i = 0; i < one.length; i++) {
      sumA += one[i];
      sumB += other[i];
      sumAa += one[i] * one[i];
      sumBb += other[i] * other[i];
      sumAb += one[i] * other[i];
    }
    double n = one.length;
    double spread = (sumAa - sumA * sumA / n) * (sumBb - sumB * sumB / n);
    return spread <= 0 ? 0 : (sumAb - sumA * sumB / n) / Math.sqrt(spread);
  }

  private static double sample(float[] values, int side, double x, double y) {
    double inX = Math.max(0, Math.min(side - 1.001, x));
    double inY = Math.max(0, Math.min(side - 1.001, y));
    int left = (int) inX;
    int top = (int) inY;
    double right = inX - left;
    double below = inY - top;
    int i = top * side + left;
    return (1 - below) * ((1 - right) * values[i] + right * values[i + 1])
        + below * ((1 - right) * values[i + side] + right * values[i + side + 1]);
  }

  // A place in the other pattern: a shift in widths of the face's box, and a scale.
  private record Placement(double dx, double dy, double scale) {
    static final Placement NONE = new Placement(0, 0, 1);
  }

  /**
   * How well two patterns fit.
   *
   * @param distance 0 (the same shot) to 1
   * @param mirrored true if one of them had to be mirrored
   */
  public record Fit(double distance, boolean mirrored) {
    // Copies are below 0.02, or 0.1 if they cut the face; other shots of a person are above 0.15.
    private static final double SAME_SHOT = 0.1;

    /** Returns true if both patterns are of one shot. */
    public boolean isSameShot() {
      return distance < SAME_SHOT;
    }
  }
}
