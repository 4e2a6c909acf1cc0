package dev.likeness.headshots.internal.score;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.face.AlignmentTemplate;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.Point;
import dev.likeness.photos.internal.image.Resampler;
import dev.likeness.photos.internal.quality.FacePatch;
import java.util.Optional;

/** An image and its face as the measures look at them. */
public final class FaceView {
  /**
   * The long side of {@link #scene}, in pixels: lines are so thin, and writing so small, in images
   * of that size.
   */
  static final int SCENE = 256;
  /** Width and height of {@link #head}, in pixels. */
  static final int SIDE = 224;
  /** Where the eyes lie in {@link #head}: this high, and so far from each other. */
  static final int EYE_ROW = 100;

  static final int EYE_DISTANCE = 50;
  // ArcFace's template made half as large again, with the whole head and what is beside it around.
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
  /** The whole image as it is, for what lies between neighbouring pixels. */
  final Plane whole;
  /** The whole image at the standard size or its own, whichever is smaller. */
  final Plane scene;
  /** The box of the face in that. */
  final BoundingBox sceneFace;
  /** Face at the standard size or its own. */
  final Plane skin;
  /** The head turned upright, its eyes at fixed places; black where the image ends. */
  final RgbImage upright;
  /** The brightness of that. */
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

  /** As {@link #upright}: by the eyes alone, those of the landmarks where none were seen open. */
  static RgbImage upright(RgbImage image, Face face) {
    Optional<Face.Eyes> eyes = face.eyes()
        .or(() -> face.landmarks()
            .filter(five -> five.leftEye().x() <= five.rightEye().x())
            .map(five -> new Face.Eyes(five.leftEye(), five.rightEye())));
    return HEAD.align(
        image, new Face(face.box(), face.score(), face.pose(), eyes, Optional.empty()));
  }

  /** Colours as skin is known by. */
  static final class SkinColour {
    private SkinColour() {}

    /** How red and how blue a pixel is against green, and how light, in natural logarithms. */
    static double[] of(RgbImage p, int x, int y) {
      double r = p.at(x, y, 0) + 8;
      double g = p.at(x, y, 1) + 8;
      double b = p.at(x, y, 2) + 8;
      return new double[] {Math.log(r / g), Math.log(b / g), Math.log((r + g + b) / 3)};
    }
  }
}
