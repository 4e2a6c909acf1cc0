package dev.likeness.headshots.internal.score;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.image.Resampler;
import dev.likeness.photos.face.AlignmentTemplate;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.Point;
import dev.likeness.photos.internal.quality.FacePatch;
import java.util.Optional;

/** An image and its face in the forms that the measures need. */
public final class FaceView {
  /**
   * The long side of {@link #scene} in pixels. The measures of lines and text are calibrated for
   * it.
   */
  static final int SCENE = 256;
  /** Width and height of {@link #head}, in pixels. */
  static final int SIDE = 224;
  /** The row of the eyes in {@link #head}, in pixels. */
  static final int EYE_ROW = 100;

  /** The distance between the eyes in {@link #head}, in pixels. */
  static final int EYE_DISTANCE = 50;
  // ArcFace's template at 1.5 times its size, with a margin that shows the whole head and its
  // surroundings.
  private static final AlignmentTemplate HEAD = new AlignmentTemplate(
      SIDE,
      new Face.Landmarks(
          new Point(87, 100),
          new Point(137, 100),
          new Point(112, 128.5),
          new Point(92, 158),
          new Point(132, 158)));

  public final RgbImage image;
  public final Face face;
  final FacePatch patch;
  /** The brightness of the whole image at its own size, for measures of neighbouring pixels. */
  final Plane whole;
  /** The brightness of the whole image at the standard size or its own, whichever is smaller. */
  final Plane scene;
  /** The box of the face in {@link #scene}. */
  final BoundingBox sceneFace;
  /** The brightness of {@link #patch}. */
  final Plane skin;
  /** The head rotated upright, with the eyes at fixed places; black outside the image. */
  final RgbImage upright;
  /** The brightness of {@link #upright}. */
  final Plane head;

  public FaceView(RgbImage image, Face face) {
    this.image = image;
    this.face = face;
    this.patch = FacePatch.of(image, face);
    this.whole = Plane.of(image);
    RgbImage fitted = Resampler.AREA.fit(image, SCENE);
    this.scene = fitted == image ? whole : Plane.of(fitted);
    this.sceneFace = face.box().scaled((double) scene.width / image.width());
    this.skin = Plane.of(patch.image());
    this.upright = upright(image, face);
    this.head = Plane.of(upright);
  }

  /**
   * As {@link #upright}. The alignment uses only the eyes, or the eyes of the landmarks if no open
   * eyes were found.
   */
  static RgbImage upright(RgbImage image, Face face) {
    Optional<Face.Eyes> eyes = face.eyes()
        .or(() -> face.landmarks()
            .filter(five -> five.leftEye().x() <= five.rightEye().x())
            .map(five -> new Face.Eyes(five.leftEye(), five.rightEye())));
    return HEAD.align(
        image, new Face(face.box(), face.score(), face.pose(), eyes, Optional.empty()));
  }

  /** The colour coordinates for skin. */
  static final class SkinColour {
    private SkinColour() {}

    /** The logarithms of red to green, blue to green, and lightness. */
    static double[] of(RgbImage p, int x, int y) {
      double r = p.at(x, y, 0) + 8;
      double g = p.at(x, y, 1) + 8;
      double b = p.at(x, y, 2) + 8;
      return new double[] {Math.log(r / g), Math.log(b / g), Math.log((r + g + b) / 3)};
    }
  }
}
