package dev.likeness.headshots.score;

import dev.likeness.diffusion.image.Picture;
import dev.likeness.photos.face.Box;
import dev.likeness.photos.quality.FacePatch;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.stream.IntStream;

/** Whether skin of the face's colour is seen beside face and neck. */
final class HandMeasure {
  // In natural logarithms, as everything of colour here.
  private static final double ALIKE = 0.13;
  private static final double COLOURLESS = 0.1;
  private static final double DARKEST = -1.3;
  private static final double LIGHTEST = 0.8;
  // Half of what face, ears and neck take of the width of the face's box.
  private static final double FACE = 0.66;
  private static final double NECK = 0.5;
  // Clothes and hair of the skin's colour lie on both sides, to about this share of the face's width.
  private static final double NEAR = 1 / 45.0;

  private final Picture picture;
  private final Box box;
  private final double[] skin;

  private HandMeasure(View view) {
    this.picture = view.picture;
    this.box = view.face.span();
    this.skin = new double[] {median(view.patch, 0), median(view.patch, 1), median(view.patch, 2)};
  }

  /** One number of the colours between eyes and chin. */
  private static double median(FacePatch patch, int number) {
    int side = patch.side();
    double[] sorted = IntStream.range(side * 2 / 5, side * 4 / 5).boxed().flatMapToDouble(y ->
        IntStream.range(side / 4, side * 3 / 4).mapToDouble(x -> colour(patch.picture(), x, y)[number])).sorted().toArray();
    return sorted[sorted.length / 2];
  }

  /**
   * The root of the area of the largest piece of skin beside face and neck that has none on the other side, over that of
   * the face; NaN where skin has no colour.
   */
  static double hands(View view) {
    HandMeasure measure = new HandMeasure(view);
    return Math.hypot(measure.skin[0], measure.skin[1]) < COLOURLESS ? Double.NaN : measure.largest();
  }

  /** How red and how blue it is against green, and how light, in natural logarithms. */
  private static double[] colour(Picture p, int x, int y) {
    double r = p.at(x, y, 0) + 8;
    double g = p.at(x, y, 1) + 8;
    double b = p.at(x, y, 2) + 8;
    return new double[] {Math.log(r / g), Math.log(b / g), Math.log((r + g + b) / 3)};
  }

  private boolean isSkin(int x, int y) {
    if (x < 0 || x >= picture.width()) {
      return false;
    }
    double[] here = colour(picture, x, y);
    double lighter = here[2] - skin[2];
    return Math.hypot(here[0] - skin[0], here[1] - skin[1]) < ALIKE && lighter > DARKEST && lighter < LIGHTEST;
  }

  private boolean beside(int x, int y) {
    double far = Math.abs(x - box.center().x()) / box.width();
    boolean face = y < box.y() + 1.1 * box.height();
    return y > box.y() + 0.4 * box.height() && far > (face ? FACE : NECK);
  }

  private boolean mirrored(int x, int y) {
    int other = (int) Math.round(2 * box.center().x()) - x;
    int near = (int) Math.round(NEAR * box.width());
    for (int d = -near; d <= near; d++) {
      if (isSkin(other + d, y)) {
        return true;
      }
    }
    return false;
  }

  private double largest() {
    boolean[] open = new boolean[picture.width() * picture.height()];
    for (int i = 0; i < open.length; i++) {
      int x = i % picture.width();
      int y = i / picture.width();
      open[i] = beside(x, y) && isSkin(x, y) && !mirrored(x, y);
    }
    int most = 0;
    for (int i = 0; i < open.length; i++) {
      most = Math.max(most, taken(open, i));
    }
    return Math.sqrt(most / (box.width() * box.height()));
  }

  /** How many places hang together with one, which are no longer open then. */
  private int taken(boolean[] open, int first) {
    Deque<Integer> next = new ArrayDeque<>();
    next.push(first);
    int n = 0;
    while (!next.isEmpty()) {
      int i = next.pop();
      if (i >= 0 && i < open.length && open[i]) {
        open[i] = false;
        n++;
        next.push(i - picture.width());
        next.push(i + picture.width());
        if (i % picture.width() > 0) {
          next.push(i - 1);
        }
        if (i % picture.width() < picture.width() - 1) {
          next.push(i + 1);
        }
      }
    }
    return n;
  }
}
