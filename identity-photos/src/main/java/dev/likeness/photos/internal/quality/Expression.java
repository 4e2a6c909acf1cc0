package dev.likeness.photos.internal.quality;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.face.AlignmentTemplate;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.internal.image.Luma;
import dev.likeness.photos.internal.image.Resampler;

/**
 * What somebody's mouth does, to be compared with other photos of the same person: the pattern of
 * light and dark around it on the aligned face, whatever the light is. Immutable.
 */
public final class Expression {
  // The mouth, its corners and the folds beside it, on the ArcFace template.
  private static final int LEFT = 34;
  private static final int TOP = 78;
  private static final int WIDTH = 44;
  private static final int HEIGHT = 28;
  private static final int CELLS = 14;

  private final double[] pattern;

  private Expression(double[] pattern) {
    this.pattern = pattern;
  }

  /** The expression of {@code face} in {@code picture}. */
  public static Expression of(RgbImage picture, Face face) {
    RgbImage mouth = AlignmentTemplate.ARCFACE.align(picture, face).crop(LEFT, TOP, WIDTH, HEIGHT);
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

  /** The correlation of the two patterns, -1 to 1; 1 is the same mouth. */
  public double similarity(Expression other) {
    double sum = 0;
    for (int i = 0; i < pattern.length; i++) {
      sum += pattern[i] * other.pattern[i];
    }
    return sum;
  }
}
