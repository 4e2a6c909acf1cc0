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
 * @param format the file format by its content; empty if it is not an image
 * @param verdict keep, keep with a warning, or reject: the worst of the reasons
 * @param reasons the reasons against it, worst first
 * @param faces the faces in it, largest first
 */
public record PhotoVerdict(
    String name,
    Optional<PhotoFormat> format,
    Verdict verdict,
    List<Reason> reasons,
    List<Face> faces) {
  public PhotoVerdict {
    reasons = List.copyOf(reasons);
    faces = List.copyOf(faces);
  }

  /** The verdict that {@code reasons}, in any order, come to. */
  public static PhotoVerdict of(
      String name, Optional<PhotoFormat> format, List<Reason> reasons, List<Face> faces) {
    Verdict worst = reasons.stream().map(Reason::severity).reduce(Verdict.KEEP, Verdict::worse);
    List<Reason> sorted = reasons.stream()
        .sorted(Comparator.comparing(Reason::severity).reversed())
        .toList();
    return new PhotoVerdict(name, format, worst, sorted, faces);
  }

  /** The same verdict with one more reason against the photo. */
  public PhotoVerdict withReason(Reason reason) {
    return of(name, format, Stream.concat(reasons.stream(), Stream.of(reason)).toList(), faces);
  }

  /** The worst reason, empty for a photo without any. */
  public Optional<Reason> worst() {
    return reasons.stream().findFirst();
  }
}
