package dev.likeness.headshots.internal.score;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.Point;
import dev.likeness.photos.internal.quality.FacePatch;
import java.util.stream.IntStream;

/**
 * Whether skin of the face's colour is seen beside face and neck. Lengths are in distances between
 * the eyes.
 */
public final class HandMeasure {
  // In natural logarithms, as everything of colour here.
  private static final double ALIKE = 0.13;
  private static final double COLOURLESS = 0.1;
  private static final double DARKEST = -1.3;
  private static final double LIGHTEST = 0.8;
  // Half of what face and ears take, half of what the neck does, and where it begins below the
  // eyes.
  private static final double FACE = 1.4;
  private static final double NECK = 1.15;
  private static final double CHIN = 1.75;
  // Clothes and hair of the skin's colour lie on both sides, to about this.
  private static final double NEAR = 0.05;
  // Half of what a palm or a wrist is broader than; strands and edges of things behind are not.
  private static final double THIN = 0.1;
  // Of the face's box, where no eyes were found.
  private static final double EYES_DOWN = 0.39;
  private static final double EYES_APART = 0.4;

  private final RgbImage picture;
  private final Point middle;
  private final double apart;
  private final double[] skin;

  private HandMeasure(FaceView view) {
    this.picture = view.picture;
    BoundingBox box = view.face.span();
    this.middle = view.face
        .eyes()
        .map(eyes -> eyes.left().between(eyes.right()))
        .orElse(new Point(box.center().x(), box.y() + EYES_DOWN * box.height()));
    this.apart = view.face.eyes().map(HandMeasure::apart).orElse(EYES_APART * box.width());
    this.skin = new double[] {median(view.patch, 0), median(view.patch, 1), median(view.patch, 2)};
  }

  private static double apart(Face.Eyes eyes) {
    return Math.hypot(
        eyes.right().x() - eyes.left().x(), eyes.right().y() - eyes.left().y());
  }

  /** One number of the colours between eyes and chin. */
  private static double median(FacePatch patch, int number) {
    int side = patch.side();
    double[] sorted = IntStream.range(side * 2 / 5, side * 4 / 5)
        .boxed()
        .flatMapToDouble(y -> IntStream.range(side / 4, side * 3 / 4)
            .mapToDouble(x -> FaceView.SkinColour.of(patch.picture(), x, y)[number]))
        .sorted()
        .toArray();
    return sorted[sorted.length / 2];
  }

  /**
   * The root of the area of the largest broad piece of skin beside face and neck that has none on
   * the other side, in distances between the eyes; NaN where skin has no colour.
   */
  public static double hands(FaceView view) {
    HandMeasure measure = new HandMeasure(view);
    return Math.hypot(measure.skin[0], measure.skin[1]) < COLOURLESS
        ? Double.NaN
        : measure.largest();
  }

  private double largest() {
    BinaryMask found = BinaryMask.of(picture.width(), picture.height(), this::isSkin);
    BinaryMask beside = BinaryMask.of(
        picture.width(),
        picture.height(),
        (x, y) -> found.at(x, y) && beside(x, y) && !mirrored(found, x, y));
    return Math.sqrt(beside.opened(THIN * apart).largest()) / apart;
  }

  private boolean isSkin(int x, int y) {
    double[] here = FaceView.SkinColour.of(picture, x, y);
    double lighter = here[2] - skin[2];
    return Math.hypot(here[0] - skin[0], here[1] - skin[1]) < ALIKE
        && lighter > DARKEST
        && lighter < LIGHTEST;
  }

  private boolean beside(int x, int y) {
    double down = (y - middle.y()) / apart;
    return down > 0 && Math.abs(x - middle.x()) / apart > (down < CHIN ? FACE : NECK);
  }

  private boolean mirrored(BinaryMask found, int x, int y) {
    int other = (int) Math.round(2 * middle.x()) - x;
    int near = (int) Math.round(NEAR * apart);
    return IntStream.rangeClosed(-near, near).anyMatch(d -> found.at(other + d, y));
  }
}
