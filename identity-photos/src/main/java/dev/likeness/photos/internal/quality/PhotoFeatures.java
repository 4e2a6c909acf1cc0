package dev.likeness.photos.internal.quality;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.image.Resampler;
import dev.likeness.photos.face.AlignmentTemplate;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.HeadCrop;
import dev.likeness.photos.face.Point;
import dev.likeness.photos.internal.image.Luma;
import dev.likeness.photos.internal.image.PerceptualHash;

/**
 * The features by which the photos of a set are compared.
 *
 * @param imageHash perceptual hash of the whole image
 * @param headHash perceptual hash of head and shoulders
 * @param blur blur of the face, 0 (sharp) to 1
 * @param highlight brightness of the lit parts of the face, 0 to 255
 * @param lightDifference how much lighter the right half of the face is than the left half, in
 *     stops
 * @param faceShare height of the face divided by the height of the image, 0 to 1
 * @param expression the pattern of the mouth
 * @param background mean colour beside the head
 * @param clothes mean colour below the chin
 */
public record PhotoFeatures(
    PerceptualHash imageHash,
    PerceptualHash headHash,
    double blur,
    double highlight,
    double lightDifference,
    double faceShare,
    Expression expression,
    Tint background,
    Tint clothes) {
  private static final int HASHED_SIDE = 64;
  private static final int CELLS = 24;

  /** Computes the features of a photo with this face. */
  public static PhotoFeatures of(RgbImage image, Face face) {
    FacePatch patch = FacePatch.of(image, face);
    BoundingBox box = face.box();
    HeadCrop head = HeadCrop.of(
        box, HeadCrop.Framing.HEAD_AND_SHOULDERS, image.width(), image.height(), HASHED_SIDE);
    RgbImage hashed = Resampler.AREA.resize(
        image, head.x(), head.y(), head.side(), head.side(), HASHED_SIDE, HASHED_SIDE);
    return new PhotoFeatures(
        PerceptualHash.of(image),
        PerceptualHash.of(hashed),
        FacePatch.Blur.measure(patch),
        FacePatch.Exposure.highlight(patch),
        FacePatch.Exposure.lightDifference(patch),
        Math.min(1, box.height() / image.height()),
        Expression.of(image, face),
        meanTint(
            image,
            new BoundingBox(0, 0, image.width(), Math.max(1, box.y() + box.height() / 2)),
            box.expanded(0.45)),
        meanTint(
            image,
            new BoundingBox(
                box.x(), box.y() + 1.45 * box.height(), box.width(), 0.8 * box.height()),
            null));
  }

  /**
   * Returns the perceptual distance of two photos, 0 to 1: the smaller share of differing bits of
   * the two hashes.
   */
  public double distance(PhotoFeatures other) {
    return Math.min(imageHash.distance(other.imageHash), headHash.distance(other.headHash));
  }

  // Returns the mean colour of an area without the part in another area. An area outside the image
  // is moved to its edge.
  private static Tint meanTint(RgbImage image, BoundingBox area, BoundingBox without) {
    int x = (int) Math.max(0, Math.min(image.width() - 2, area.x()));
    int y = (int) Math.max(0, Math.min(image.height() - 2, area.y()));
    int w = (int) Math.max(1, Math.min(image.width() - x, area.width()));
    int h = (int) Math.max(1, Math.min(image.height() - y, area.height()));
    RgbImage small = Resampler.AREA.resize(image, x, y, w, h, CELLS, CELLS);
    double[] sum = new double[4];
    for (int i = 0; i < CELLS * CELLS; i++) {
      int column = i % CELLS;
      int row = i / CELLS;
      Point place = new Point(x + (column + 0.5) * w / CELLS, y + (row + 0.5) * h / CELLS);
      if (without == null || !without.contains(place)) {
        for (int c = 0; c < 3; c++) {
          sum[c] += small.at(column, row, c);
        }
        sum[3]++;
      }
    }
    double n = Math.max(1, sum[3]);
    return new Tint(sum[0] / n, sum[1] / n, sum[2] / n);
  }

  /**
   * The expression of a mouth, comparable between photos of one person: the pattern of light and
   * dark around it on the aligned face, normalised for brightness. Immutable.
   */
  public static final class Expression {
    // The region of the mouth, its corners and the folds beside it, on the ArcFace template.
    private static final int LEFT = 34;
    private static final int TOP = 78;
    private static final int WIDTH = 44;
    private static final int HEIGHT = 28;
    private static final int CELLS = 14;

    private final double[] pattern;

    private Expression(double[] pattern) {
      this.pattern = pattern;
    }

    /** Returns the expression of {@code face} in {@code image}. */
    public static Expression of(RgbImage image, Face face) {
      RgbImage mouth = AlignmentTemplate.ARCFACE.align(image, face).crop(LEFT, TOP, WIDTH, HEIGHT);
      Luma cells = Luma.of(Resampler.AREA.resize(mouth, CELLS, CELLS));
      double[] pattern = new double[CELLS * CELLS];
      double mean = 0;
      for (int i = 0; i < pattern.length; i++) {
        pattern[i] = cells.at(i % CELLS, i / CELLS);
        mean += pattern[i] / pattern.length;
      }
      double square = 1e-9;
      for (int i = 0; i < pattern.length; i++) {
        pattern[i] -= mean;
        square += pattern[i] * pattern[i];
      }
      for (int i = 0; i < pattern.length; i++) {
        pattern[i] /= Math.sqrt(square);
      }
      return new Expression(pattern);
    }

    /** Returns the correlation of the two patterns, -1 to 1; 1 means the same mouth. */
    public double similarity(Expression other) {
      double sum = 0;
      for (int i = 0; i < pattern.length; i++) {
        sum += pattern[i] * other.pattern[i];
      }
      return sum;
    }
  }

  /**
   * A mean colour.
   *
   * @param red mean red, 0 to 255
   * @param green mean green, 0 to 255
   * @param blue mean blue, 0 to 255
   */
  public record Tint(double red, double green, double blue) {
    /**
     * Returns how different two colours look, 0 to about 765: the distance weighted by mean red
     * (Riemersma's "redmean").
     */
    public double distance(Tint other) {
      double mean = (red + other.red) / 2;
      double r = red - other.red;
      double g = green - other.green;
      double b = blue - other.blue;
      return Math.sqrt((2 + mean / 256) * r * r + 4 * g * g + (2 + (255 - mean) / 256) * b * b);
    }
  }
}
