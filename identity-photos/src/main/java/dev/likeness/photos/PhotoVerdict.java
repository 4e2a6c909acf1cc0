package dev.likeness.photos;

import dev.likeness.photos.face.Face;
import dev.likeness.photos.quality.Reason;
import dev.likeness.photos.quality.Verdict;
import java.util.List;
import java.util.Optional;

/**
 * What the review says of one photo.
 *
 * @param name the photo's name
 * @param verdict keep, keep with a warning, or reject: the worst of the reasons
 * @param reasons what speaks against it, worst first
 * @param faces the faces in it, largest first
 */
public record PhotoVerdict(String name, Verdict verdict, List<Reason> reasons, List<Face> faces) {
  public PhotoVerdict {
    reasons = List.copyOf(reasons);
    faces = List.copyOf(faces);
  }

  /** The worst reason, empty for a photo without any. */
  public Optional<Reason> worst() {
    return reasons.stream().findFirst();
  }
}
