package dev.likeness.headshots.internal.score;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.Point;
import dev.likeness.photos.internal.quality.FacePatch;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.stream.IntStream;

/**
 * Detects skin of the face's colour beside face and neck. Lengths are in distances between the
 * eyes.
 */
public final class HandMeasure {
  // In natural logarithms, as are all colours here.
  private static final double MAX_COLOUR_DISTANCE = 0.13;
  private static final double MIN_CHROMA = 0.1;
  private static final double DARKEST = -1.3;
  private static final double LIGHTEST = 0.8;
  // Half the width of face and ears, half the width of the neck, and the distance of the neck's top
  // below the eyes.
  private static final double FACE = 1.4;
  private static final double NECK = 1.15;
  private static final double CHIN = 1.75;
  // Clothes and hair of the skin's colour are on both sides, symmetric within this distance.
  private static final double NEAR = 0.05;
  // Half the minimal width of a palm or wrist. Strands and edges of objects are thinner.
  private static final double THIN = 0.1;
  // Position and distance of the eyes in units of the face's box, used if no eyes were found.
  private static final double EYES_DOWN = 0.39;
  private static final double EYES_APART = 0.4;

  private final RgbImage image;
  private final Point middle;
  private final double eyeDistance;
  private final double[] skin;

  private HandMeasure(FaceView view) {
    this.image = view.image;
    BoundingBox box = view.face.region();
    this.middle = view.face
        .eyes()
        .map(eyes -> eyes.left().midpoint(eyes.right()))
        .orElse(new Point(box.center().x(), box.y() + EYES_DOWN * box.height()));
    this.eyeDistance =
        view.face.eyes().map(HandMeasure::eyeDistance).orElse(EYES_APART * box.width());
    this.skin = new double[] {median(view.patch, 0), median(view.patch, 1), median(view.patch, 2)};
  }

  private static double eyeDistance(Face.Eyes eyes) {
    return Math.hypot(
        eyes.right().x() - eyes.left().x(), eyes.right().y() - eyes.left().y());
  }

  /** The median of one colour coordinate between eyes and chin. */
  private static double median(FacePatch patch, int number) {
    int side = patch.side();
    double[] sorted = IntStream.range(side * 2 / 5, side * 4 / 5)
        .boxed()
        .flatMapToDouble(y -> IntStream.range(side / 4, side * 3 / 4)
            .mapToDouble(x -> FaceView.SkinColour.of(patch.image(), x, y)[number]))
        .sorted()
        .toArray();
    return sorted[sorted.length / 2];
  }

  /**
   * The square root of the area of the largest broad piece of skin beside face and neck without a
   * counterpart on the other side, in eye distances; NaN if the skin has no colour.
   */
  public static double hands(FaceView view) {
    HandMeasure measure = new HandMeasure(view);
    return Math.hypot(measure.skin[0], measure.skin[1]) < MIN_CHROMA
        ? Double.NaN
        : measure.largest();
  }

  private double largest() {
    BinaryMask found = BinaryMask.of(image.width(), image.height(), this::isSkin);
    BinaryMask beside = BinaryMask.of(
        image.width(),
        image.height(),
        (x, y) -> found.at(x, y) && isBesideFace(x, y) && !isMirrored(found, x, y));
    return Math.sqrt(beside.opened(THIN * eyeDistance).largestComponent()) / eyeDistance;
  }

  private boolean isSkin(int x, int y) {
    double[] here = FaceView.SkinColour.of(image, x, y);
    double lighter = here[2] - skin[2];
    return Math.hypot(here[0] - skin[0], here[1] - skin[1]) < MAX_COLOUR_DISTANCE
        && lighter > DARKEST
        && lighter < LIGHTEST;
  }

  private boolean isBesideFace(int x, int y) {
    double down = (y - middle.y()) / eyeDistance;
    return down > 0 && Math.abs(x - middle.x()) / eyeDistance > (down < CHIN ? FACE : NECK);
  }

  private boolean isMirrored(BinaryMask found, int x, int y) {
    int other = (int) Math.round(2 * middle.x()) - x;
    int near = (int) Math.round(NEAR * eyeDistance);
    return IntStream.rangeClosed(-near, near).anyMatch(d -> found.at(other + d, y));
  }

  /** A set of pixels of an image, in rows from the top. Immutable. */
  static final class BinaryMask {
    interface Place {
      boolean at(int x, int y);
    }

    // Length of a diagonal step in the two passes of the chamfer distance.
    private static final double SLANT = Math.sqrt(2);

    private final int width;
    private final boolean[] inside;

    private BinaryMask(int width, boolean[] inside) {
      this.width = width;
      this.inside = inside;
    }

    static BinaryMask of(int width, int height, Place place) {
      boolean[] in = new boolean[width * height];
      for (int i = 0; i < in.length; i++) {
        in[i] = place.at(i % width, i / width);
      }
      return new BinaryMask(width, in);
    }

    /** Returns true if the pixel is in the set; false outside the image. */
    boolean at(int x, int y) {
      return x >= 0 && x < width && y >= 0 && y * width < inside.length && inside[y * width + x];
    }

    /**
     * Morphological opening: removes parts that are nowhere broader than twice the radius. Parts at
     * the image's edge count as if they continued.
     */
    BinaryMask opened(double radius) {
      double[] inside = distances(false);
      boolean[] core = new boolean[this.inside.length];
      for (int i = 0; i < core.length; i++) {
        core[i] = inside[i] > radius;
      }
      double[] around = new BinaryMask(width, core).distances(true);
      boolean[] opened = new boolean[this.inside.length];
      for (int i = 0; i < opened.length; i++) {
        opened[i] = this.inside[i] && around[i] <= radius;
      }
      return new BinaryMask(width, opened);
    }

    /**
     * The distance of each pixel to the nearest pixel in the set, or to the nearest one outside it.
     */
    private double[] distances(boolean belonging) {
      double[] far = new double[inside.length];
      for (int i = 0; i < far.length; i++) {
        far[i] = inside[i] == belonging ? 0 : Double.POSITIVE_INFINITY;
      }
      for (int i = 0; i < far.length; i++) {
        relaxDistances(far, i, -1);
      }
      for (int i = far.length - 1; i >= 0; i--) {
        relaxDistances(far, i, 1);
      }
      return far;
    }

    private void relaxDistances(double[] far, int i, int direction) {
      for (int dx = -1; dx <= 1; dx++) {
        int x = i % width + dx;
        int other = i + direction * width + dx;
        if (x >= 0 && x < width && other >= 0 && other < far.length) {
          far[i] = Math.min(far[i], far[other] + (dx == 0 ? 1 : SLANT));
        }
      }
      int x = i % width + direction;
      if (x >= 0 && x < width) {
        far[i] = Math.min(far[i], far[i + direction] + 1);
      }
    }

    /** The number of pixels in the largest connected component (4-neighbourhood). */
    int largestComponent() {
      boolean[] open = Arrays.copyOf(inside, inside.length);
      return IntStream.range(0, inside.length)
          .map(i -> floodFill(open, i))
          .max()
          .orElse(0);
    }

    /** The number of open pixels connected with {@code first}; they are closed afterwards. */
    private int floodFill(boolean[] open, int first) {
      Deque<Integer> next = new ArrayDeque<>();
      next.push(first);
      int n = 0;
      while (!next.isEmpty()) {
        int i = next.pop();
        if (i >= 0 && i < open.length && open[i]) {
          open[i] = false;
          n++;
          next.push(i - width);
          next.push(i + width);
          if (i % width > 0) {
            next.push(i - 1);
          }
          if (i % width < width - 1) {
            next.push(i + 1);
          }
        }
      }
      return n;
    }
  }
}
