package dev.likeness.photos.internal.face;

import dev.likeness.diffusion.image.ExifOrientation;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.io.CurrentWork;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import java.util.Comparator;
import java.util.List;

/**
 * A photo, rotated so that its face is upright. This corrects files that are stored sideways
 * without an EXIF orientation.
 *
 * @param image the photo, rotated if needed
 * @param faces its faces, largest first
 * @param orientation the orientation of the given photo
 */
public record UprightPhoto(RgbImage image, List<Face> faces, ExifOrientation orientation) {
  private static final List<ExifOrientation> ROTATIONS = List.of(
      ExifOrientation.TURNED_RIGHT, ExifOrientation.TURNED_LEFT, ExifOrientation.UPSIDE_DOWN);

  // Networks also find faces that are sideways or upside down, with landmarks as of an upright face
  // and sometimes with eyes. Their scores are at most 0.91; those of upright faces are above 0.93.
  private static final double SURE_SCORE = 0.92;
  // The largest face may be cut off and score less than the person's.
  private static final double COMPARABLE_WIDTH = 0.5;

  /**
   * Returns the photo unchanged if its largest face has visible eyes and a high score. Otherwise it
   * also tries three rotations, and returns the one with the highest face score if that is higher
   * than without rotation.
   */
  public static UprightPhoto of(RgbImage photo, FaceDetector detector) {
    CurrentWork.throwIfCancelled();
    UprightPhoto given = new UprightPhoto(photo, detector.detect(photo), ExifOrientation.UPRIGHT);
    return given.hasEyes() && given.score() >= SURE_SCORE
        ? given
        : ROTATIONS.stream()
            .map(lying -> rotated(photo, lying, detector))
            .filter(turned -> turned.score() > given.score())
            .max(Comparator.comparingDouble(UprightPhoto::score))
            .orElse(given);
  }

  private static UprightPhoto rotated(
      RgbImage photo, ExifOrientation lying, FaceDetector detector) {
    CurrentWork.throwIfCancelled();
    RgbImage image = lying.toUpright(photo);
    return new UprightPhoto(image, detector.detectFrontal(image), lying);
  }

  /** Returns true if the photo was rotated. */
  public boolean rotated() {
    return orientation != ExifOrientation.UPRIGHT;
  }

  private boolean hasEyes() {
    return !faces.isEmpty() && faces.get(0).eyes().isPresent();
  }

  private double score() {
    return faces.stream()
        .filter(
            face -> face.box().width() >= COMPARABLE_WIDTH * faces.get(0).box().width())
        .mapToDouble(Face::score)
        .max()
        .orElse(0);
  }
}
