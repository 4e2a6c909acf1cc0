package dev.likeness.photos;

import dev.likeness.photos.decode.PhotoFormat;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.quality.Reason;
import dev.likeness.photos.quality.Verdict;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The result of the review for one photo.
 *
 * @param name the photo's name
 * @param format the file format, detected from the content; empty if the file is not an image
 * @param verdict the most severe verdict of all reasons; {@code KEEP} if there are no reasons
 * @param reasons the reasons against the photo, most severe first
 * @param faces the faces in the photo, largest first; empty if the photo could not be decoded
 */
public record PhotoVerdict(
    String name,
    Optional<PhotoFormat> format,
    Verdict verdict,
    List<Reason> reasons,
    List<Face> faces) {
  /** Copies the lists. */
  public PhotoVerdict {
    reasons = List.copyOf(reasons);
    faces = List.copyOf(faces);
  }

  /**
   * Returns the verdict that follows from the reasons against a photo.
   *
   * @param name the photo's name
   * @param format the file format, detected from the content; empty if the file is not an image
   * @param reasons the reasons against the photo, in any order
   * @param faces the faces in the photo, largest first
   * @return the verdict, with the reasons sorted by severity
   */
  static PhotoVerdict of(
      String name, Optional<PhotoFormat> format, List<Reason> reasons, List<Face> faces) {
    Verdict worst = reasons.stream().map(Reason::severity).reduce(Verdict.KEEP, Verdict::worse);
    List<Reason> sorted = reasons.stream()
        .sorted(Comparator.comparing(Reason::severity).reversed())
        .toList();
    return new PhotoVerdict(name, format, worst, sorted, faces);
  }

  /**
   * Returns this verdict with one more reason against the photo.
   *
   * @param reason the reason to add
   * @return the new verdict, which may be more severe
   */
  public PhotoVerdict withReason(Reason reason) {
    return of(name, format, Stream.concat(reasons.stream(), Stream.of(reason)).toList(), faces);
  }

  /** {@return the most severe reason; empty if there are no reasons} */
  public Optional<Reason> worst() {
    return reasons.stream().findFirst();
  }
}
