package dev.likeness.photos.internal.face;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.decode.ExifOrientation;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import java.util.Comparator;
import java.util.List;

/**
 * A photo the way up in which its face is seen, for files that lie on their side and do not say so.
 *
 * @param image the photo, turned if need be
 * @param faces in it, largest first
 * @param orientation how the given one lay
 */
public record UprightPhoto(RgbImage image, List<Face> faces, ExifOrientation orientation) {
  private static final List<ExifOrientation> ROTATIONS = List.of(
      ExifOrientation.TURNED_RIGHT, ExifOrientation.TURNED_LEFT, ExifOrientation.UPSIDE_DOWN);

  /**
   * The photo as it is where the eyes of its largest face are seen; else turned as the surest face
   * lies, if one is surer then. Looks once, or four times.
   */
  public static UprightPhoto of(RgbImage photo, FaceDetector detector) {
    UprightPhoto given = new UprightPhoto(photo, detector.detect(photo), ExifOrientation.UPRIGHT);
    return given.hasEyes()
        ? given
        : ROTATIONS.stream()
            .map(lying -> rotated(photo, lying, detector))
            .filter(turned -> turned.score() > given.score())
            .max(Comparator.comparingDouble(UprightPhoto::score))
            .orElse(given);
  }

  private static UprightPhoto rotated(
      RgbImage photo, ExifOrientation lying, FaceDetector detector) {
    RgbImage image = lying.toUpright(photo);
    return new UprightPhoto(image, detector.detectFrontal(image), lying);
  }

  /** Whether it had to be turned. */
  public boolean rotated() {
    return orientation != ExifOrientation.UPRIGHT;
  }

  private boolean hasEyes() {
    return !faces.isEmpty() && faces.get(0).eyes().isPresent();
  }

  private double score() {
    return faces.isEmpty() ? 0 : faces.get(0).score();
  }
}
