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
 * @param format the file format, detected from the content; empty if it is not an image
 * @param verdict the most severe verdict of all reasons; {@code KEEP} without reasons
 * @param reasons the reasons against the photo, most severe first
 * @param faces the faces in the photo, largest first; empty if it could not be decoded
 */
public record PhotoVerdict(
    String name,
    Optional<PhotoFormat> format,
    Verdict verdict,
    List<Reason> reasons,
    List<Face> faces) {
  /**
   * Copies the lists.
   *
   * @param name the component {@code name}
   * @param format the component {@code format}
   * @param verdict the component {@code verdict}
   * @param reasons the component {@code reasons}
   * @param faces the component {@code faces}
   */
  public PhotoVerdict {
    reasons = List.copyOf(reasons);
    faces = List.copyOf(faces);
  }

  /**
   * Returns the verdict that follows from the reasons against a photo.
   *
   * @param name the photo's name
   * @param format the file format, detected from the content; empty if it is not an image
   * @param reasons the reasons against the photo, in any order
   * @param faces the faces in the photo, largest first
   * @return the verdict, with the reasons sorted by severity
   */
  public static PhotoVerdict of(
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
   * @param reason the further reason
   * @return the new verdict, which may be more severe
   */
  public PhotoVerdict withReason(Reason reason) {
    return of(name, format, Stream.concat(reasons.stream(), Stream.of(reason)).toList(), faces);
  }

  /** {@return the most severe reason; empty if there is none} */
  public Optional<Reason> worst() {
    return reasons.stream().findFirst();
  }
}
