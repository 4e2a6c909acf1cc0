package dev.likeness.photos.internal.face;

import dev.likeness.diffusion.image.Picture;
import dev.likeness.photos.decode.Orientation;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import java.util.Comparator;
import java.util.List;

/**
 * A photo the way up in which its face is seen, for files that lie on their side and do not say so.
 *
 * @param picture the photo, turned if need be
 * @param faces in it, largest first
 * @param orientation how the given one lay
 */
public record Upright(Picture picture, List<Face> faces, Orientation orientation) {
  private static final List<Orientation> LYING =
      List.of(Orientation.TURNED_RIGHT, Orientation.TURNED_LEFT, Orientation.UPSIDE_DOWN);

  /**
   * The photo as it is where the eyes of its largest face are seen; else turned as the surest face
   * lies, if one is surer then. Looks once, or four times.
   */
  public static Upright of(Picture photo, FaceDetector detector) {
    Upright given = new Upright(photo, detector.detect(photo), Orientation.UPRIGHT);
    return given.seesEyes()
        ? given
        : LYING.stream()
            .map(lying -> turned(photo, lying, detector))
            .filter(turned -> turned.surety() > given.surety())
            .max(Comparator.comparingDouble(Upright::surety))
            .orElse(given);
  }

  private static Upright turned(Picture photo, Orientation lying, FaceDetector detector) {
    Picture picture = lying.upright(photo);
    return new Upright(picture, detector.frontal(picture), lying);
  }

  /** Whether it had to be turned. */
  public boolean turned() {
    return orientation != Orientation.UPRIGHT;
  }

  private boolean seesEyes() {
    return !faces.isEmpty() && faces.get(0).eyes().isPresent();
  }

  private double surety() {
    return faces.isEmpty() ? 0 : faces.get(0).score();
  }
}
