package dev.likeness.photos;

import dev.likeness.photos.quality.Band;
import dev.likeness.photos.quality.Reason;
import dev.likeness.photos.quality.ReasonCode;
import dev.likeness.photos.quality.Verdict;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/** Finds photos that are nearly the same shot: of each such pair the worse one gets a reason. */
final class Duplicates {
  private Duplicates() {}

  /** The reasons by photo, for those usable ones that repeat a better one: with a better verdict, or crisper. */
  static Map<AcceptedPhoto, Reason> among(List<PhotoIntake.Result> results, Band band) {
    List<AcceptedPhoto> best = results.stream().filter(result -> result.usable().isPresent())
        .sorted(Comparator.comparing((PhotoIntake.Result result) -> result.verdict().verdict())
            .thenComparing(result -> -detail(result.usable().orElseThrow())))
        .map(result -> result.usable().orElseThrow()).toList();
    // By identity: hashing a photo would read all of its pixels, and the same file may be given twice.
    Map<AcceptedPhoto, Reason> found = new IdentityHashMap<>();
    List<AcceptedPhoto> kept = new ArrayList<>();
    for (AcceptedPhoto photo : best) {
      kept.stream().min(Comparator.comparingDouble(other -> distance(photo, other)))
          .filter(other -> band.judge(distance(photo, other)) != Verdict.KEEP)
          .ifPresent(other -> found.put(photo, reason(photo, other, band)));
      if (!found.containsKey(photo) || found.get(photo).severity() != Verdict.REJECT) {
        kept.add(photo);
      }
    }
    return found;
  }

  private static Reason reason(AcceptedPhoto photo, AcceptedPhoto other, Band band) {
    double distance = distance(photo, other);
    return new Reason(ReasonCode.NEAR_DUPLICATE, band.judge(distance), distance, band.limit(distance),
        "it is nearly the same shot as " + other.name());
  }

  private static double distance(AcceptedPhoto a, AcceptedPhoto b) {
    return a.features().distance(b.features());
  }

  // Pixels across the face, discounted by blur.
  private static double detail(AcceptedPhoto photo) {
    return photo.face().box().width() * (1 - photo.features().blur());
  }
}
