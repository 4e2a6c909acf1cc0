package dev.likeness.photos.internal.face;

import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Which face of a photo a published identity method takes if there are several. */
public enum FaceChoice {
  /** The face with the largest box; of equal ones the last. */
  LARGEST {
    @Override
    public Optional<Face> of(List<Face> faces, int width, int height) {
      return faces.stream().reduce((best, face) -> area(face) >= area(best) ? face : best);
    }
  },
  /** The face whose centre is nearest to that of the photo; of equal ones the first. */
  NEAREST_CENTRE {
    @Override
    public Optional<Face> of(List<Face> faces, int width, int height) {
      return faces.stream().min(Comparator.comparingDouble(face -> {
        BoundingBox box = face.box();
        return Math.hypot(
            box.x() + box.width() / 2 - width / 2.0, box.y() + box.height() / 2 - height / 2.0);
      }));
    }
  },
  /** The face of which the detector is surest; of equal ones the first. */
  SUREST {
    @Override
    public Optional<Face> of(List<Face> faces, int width, int height) {
      return faces.stream().reduce((best, face) -> face.score() > best.score() ? face : best);
    }
  };

  /** Returns the face of a photo of {@code width} by {@code height} pixels; empty if none. */
  public abstract Optional<Face> of(List<Face> faces, int width, int height);

  private static double area(Face face) {
    return face.box().width() * face.box().height();
  }
}
