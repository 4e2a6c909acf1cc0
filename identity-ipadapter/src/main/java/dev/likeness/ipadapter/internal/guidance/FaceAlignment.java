package dev.likeness.ipadapter.internal.guidance;

import dev.likeness.photos.face.AlignmentTemplate;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.Point;
import dev.likeness.photos.face.SimilarityTransform;
import java.util.Random;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * A window of latents around a face, and the map that aligns its decoded image to ArcFace's
 * template.
 *
 * @param left first column of latents
 * @param top first row
 * @param width columns
 * @param height rows
 * @param affine affine map [2, 3] by rows from the template to the window's image, both in -1..1,
 *     as {@code grid_sample} needs it
 */
record FaceAlignment(int left, int top, int width, int height, float[] affine) {
  private static final AlignmentTemplate TEMPLATE = AlignmentTemplate.ARCFACE;
  private static final int SIDE = TEMPLATE.size();
  /** Extra latents on each side, because decoded pixels also depend on neighbouring latents. */
  private static final int MARGIN = 1;

  private static final int BILINEAR = 0;
  private static final int ZEROS = 0;

  /**
   * Makes the window around a face in an image of {@code columns} by {@code rows} latents, each
   * {@code factor} pixels wide.
   */
  static FaceAlignment forFace(Face face, int columns, int rows, int factor) {
    SimilarityTransform onto = TEMPLATE.estimateTransform(face);
    int left = firstCell(onto, Point::x, factor, columns);
    int top = firstCell(onto, Point::y, factor, rows);
    int width = endCell(onto, Point::x, factor, columns) - left;
    int height = endCell(onto, Point::y, factor, rows) - top;
    Point middle = onto.applyInverse(new Point((SIDE - 1) / 2.0, (SIDE - 1) / 2.0));
    Point right = onto.applyInverse(new Point((SIDE + 1) / 2.0, (SIDE - 1) / 2.0));
    Point below = onto.applyInverse(new Point((SIDE - 1) / 2.0, (SIDE + 1) / 2.0));
    double x = (double) factor * width;
    double y = (double) factor * height;
    return new FaceAlignment(left, top, width, height, new float[] {
      (float) (SIDE * (right.x() - middle.x()) / x),
      (float) (SIDE * (below.x() - middle.x()) / x),
      (float) ((2 * (middle.x() - factor * left) + 1) / x - 1),
      (float) (SIDE * (right.y() - middle.y()) / y),
      (float) (SIDE * (below.y() - middle.y()) / y),
      (float) ((2 * (middle.y() - factor * top) + 1) / y - 1)
    });
  }

  private static int firstCell(
      SimilarityTransform onto, ToDoubleFunction<Point> axis, int factor, int most) {
    return Math.max(
        0,
        Math.min(
            most - 1, (int) Math.floor(corners(onto, axis).min().orElseThrow() / factor) - MARGIN));
  }

  private static int endCell(
      SimilarityTransform onto, ToDoubleFunction<Point> axis, int factor, int most) {
    int end = (int) Math.ceil(corners(onto, axis).max().orElseThrow() / factor) + MARGIN;
    return Math.max(firstCell(onto, axis, factor, most) + 1, Math.min(most, end));
  }

  private static DoubleStream corners(SimilarityTransform onto, ToDoubleFunction<Point> axis) {
    return Stream.of(new Point(0, 0), new Point(SIDE, 0), new Point(0, SIDE), new Point(SIDE, SIDE))
        .map(onto::applyInverse)
        .mapToDouble(axis);
  }

  /** Returns the window of latents [1, channels, h, w], as a view. */
  Tensor crop(Tensor latents) {
    return latents.narrow(2, top, height).narrow(3, left, width);
  }

  /**
   * Returns the aligned face, [n, 3, 112, 112], of the window's decoded image.
   *
   * @param views affine maps [n, 3, 3] that move the template first, coordinates in -1..1
   */
  Tensor align(Tensor image, Tensor views) {
    long count = views.size(0);
    Tensor maps = torch.tensor(affine).view(1, 2, 3).matmul(views);
    Tensor grid = torch.affine_grid_generator(maps, new long[] {count, 3, SIDE, SIDE}, false);
    return torch.grid_sampler(image.expand(count, -1, -1, -1), grid, BILINEAR, ZEROS, false);
  }

  /**
   * Augmentations of an aligned face: small random shifts, rotations and scales, and every second
   * one mirrored. A gradient over all of them favours a real face over an adversarial pattern, and
   * tolerates inexact landmarks.
   */
  static final class FaceViews {
    static final int COUNT = 6;
    /** Largest shift in half face widths, rotation in radians, and change of scale. */
    private static final double MAX_CHANGE = 0.06;

    private static final int ENTRIES = 9;

    private FaceViews() {}

    /**
     * Returns the augmentations of a step, affine maps [6, 3, 3] of coordinates in -1..1. Each step
     * has others.
     */
    static Tensor of(int row) {
      Random random = new Random(row);
      float[] maps = new float[COUNT * ENTRIES];
      for (int i = 0; i < COUNT; i++) {
        double scale = 1 + randomChange(random);
        double turn = randomChange(random);
        double mirrored = i % 2 == 0 ? 1 : -1;
        double[] map = {
          mirrored * scale * Math.cos(turn),
          -scale * Math.sin(turn),
          randomChange(random),
          mirrored * scale * Math.sin(turn),
          scale * Math.cos(turn),
          randomChange(random),
          0,
          0,
          1
        };
        for (int j = 0; j < ENTRIES; j++) {
          maps[i * ENTRIES + j] = (float) map[j];
        }
      }
      return torch.tensor(maps).view(COUNT, 3, 3);
    }

    private static double randomChange(Random random) {
      return MAX_CHANGE * (2 * random.nextDouble() - 1);
    }
  }
}
