package dev.likeness.photos.face;

import java.util.Optional;

/**
 * A face found in a picture.
 *
 * @param box from above the brows to the chin, ear to ear
 * @param score the detector's certainty, 0 to 1
 * @param pose how the head is turned; cascades only tell frontal from the two profiles (yaw 0, -60 or 60)
 * @param eyes where the eyes are, when the detector saw both
 * @param landmarks the five points, when the detector gives them
 */
public record Face(Box box, double score, Pose pose, Optional<Eyes> eyes, Optional<Landmarks> landmarks) {
  public Face {
    if (!(score >= 0 && score <= 1)) {
      throw new IllegalArgumentException("a face's score lies in 0..1, given " + score);
    }
  }
}
