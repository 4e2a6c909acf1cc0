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
import java.util.Optional;

/**
 * Finds photos that are nearly the same shot: of each such pair the worse one gets a reason.
 * Fingerprints tell copies, whatever was done to their size, light or compression; embeddings also
 * tell other crops and mirror images, which are worth a warning only.
 */
final class PhotoComparison {
  private final Band band;
  private final Optional<Embeddings> embeddings;

  PhotoComparison(Band band, Optional<Embeddings> embeddings) {
    this.band = band;
    this.embeddings = embeddings;
  }

  /**
   * The reasons by photo, for those usable ones that repeat a better one: with a better verdict, or
   * crisper.
   */
  Map<AcceptedPhoto, Reason> among(List<PhotoIntake.Result> results) {
    List<AcceptedPhoto> best = results.stream()
        .filter(result -> result.usable().isPresent())
        .sorted(
            Comparator.comparing((PhotoIntake.Result result) -> result.verdict().verdict())
                .thenComparing(result -> -detail(result.usable().orElseThrow())))
        .map(result -> result.usable().orElseThrow())
        .toList();
    // By identity: hashing a photo would read all of its pixels, and the same file may be given
    // twice.
    Map<AcceptedPhoto, Reason> found = new IdentityHashMap<>();
    List<AcceptedPhoto> kept = new ArrayList<>();
    for (AcceptedPhoto photo : best) {
      Optional<Reason> reason = copied(photo, kept).or(() -> reframed(photo, kept));
      reason.ifPresent(why -> found.put(photo, why));
      if (reason.isEmpty() || reason.get().severity() != Verdict.REJECT) {
        kept.add(photo);
      }
    }
    return found;
  }

  private Optional<Reason> copied(AcceptedPhoto photo, List<AcceptedPhoto> kept) {
    return kept.stream()
        .min(Comparator.comparingDouble(other -> distance(photo, other)))
        .filter(other -> band.judge(distance(photo, other)) != Verdict.KEEP)
        .map(other -> {
          double distance = distance(photo, other);
          return new Reason(
              ReasonCode.NEAR_DUPLICATE,
              band.judge(distance),
              distance,
              band.limit(distance),
              "it is nearly the same shot as " + other.name());
        });
  }

  private Optional<Reason> reframed(AcceptedPhoto photo, List<AcceptedPhoto> kept) {
    return embeddings.flatMap(vectors -> kept.stream()
        .max(Comparator.comparingDouble(other -> vectors.cosine(photo, other)))
        .filter(other -> vectors.cosine(photo, other) > vectors.sameShot())
        .map(other -> new Reason(
            ReasonCode.NEAR_DUPLICATE,
            Verdict.WARN,
            vectors.cosine(photo, other),
            vectors.sameShot(),
            "it seems to be the same shot as " + other.name() + ", framed differently")));
  }

  private static double distance(AcceptedPhoto a, AcceptedPhoto b) {
    return a.features().distance(b.features());
  }

  // Pixels across the face, discounted by blur.
  private static double detail(AcceptedPhoto photo) {
    return photo.face().box().width() * (1 - photo.features().blur());
  }
}
