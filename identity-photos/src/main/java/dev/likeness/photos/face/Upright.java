package dev.likeness.photos.face;

import dev.likeness.diffusion.image.Picture;
import dev.likeness.photos.decode.Orientation;
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
  // What a network finds in a lying photo is about as large as the face; what is much larger is a face that hides its eyes.
  private static final double LEAST_AREA = 0.5;

  /**
   * The photo as it is where the eyes of its largest face are seen; else turned as the surest face lies of those whose eyes
   * are seen then, if there is one, for faces are also found in what is none. Looks once, or four times.
   */
  public static Upright of(Picture photo, FaceDetector detector) {
    Upright given = as(Orientation.UPRIGHT, photo, detector);
    return given.seesEyes() ? given
        : LYING.stream().map(lying -> as(lying, photo, detector))
            .filter(turned -> turned.seesEyes() && turned.area() > LEAST_AREA * given.area())
            .max(Comparator.comparingDouble(turned -> turned.faces.get(0).score())).orElse(given);
  }

  private static Upright as(Orientation lying, Picture photo, FaceDetector detector) {
    Picture picture = lying.upright(photo);
    return new Upright(picture, detector.detect(picture), lying);
  }

  /** Whether it had to be turned. */
  public boolean turned() {
    return orientation != Orientation.UPRIGHT;
  }

  private boolean seesEyes() {
    return !faces.isEmpty() && faces.get(0).eyes().isPresent();
  }

  private double area() {
    return faces.isEmpty() ? 0 : faces.get(0).box().area();
  }
}
