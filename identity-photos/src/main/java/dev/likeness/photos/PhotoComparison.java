package dev.likeness.photos;

import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.quality.QualityLimits;
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
 * Finds photos that repeat a better photo of the set. Perceptual hashes find copies of any size,
 * brightness or compression. Embeddings also find other crops and mirrored copies, which only get a
 * warning.
 */
final class PhotoComparison {
  private final QualityLimits.Band band;
  private final Optional<Embeddings> embeddings;

  PhotoComparison(QualityLimits.Band band, Optional<Embeddings> embeddings) {
    this.band = band;
    this.embeddings = embeddings;
  }

  /**
   * Returns the reasons of usable photos that repeat a better one. A photo is better if its verdict
   * is better or, with equal verdicts, if its face has more detail.
   */
  Map<AcceptedPhoto, Reason> findDuplicates(List<PhotoIntake.Result> results) {
    List<AcceptedPhoto> best = results.stream()
        .filter(result -> result.accepted().isPresent())
        .sorted(
            Comparator.comparing((PhotoIntake.Result result) -> result.verdict().verdict())
                .thenComparing(result -> -detail(result.accepted().orElseThrow())))
        .map(result -> result.accepted().orElseThrow())
        .toList();
    // The map compares by identity: equals would read all pixels, and the same file may occur
    // twice.
    Map<AcceptedPhoto, Reason> found = new IdentityHashMap<>();
    List<AcceptedPhoto> kept = new ArrayList<>();
    for (AcceptedPhoto photo : best) {
      Optional<Reason> reason =
          duplicateByHash(photo, kept).or(() -> duplicateByEmbedding(photo, kept));
      reason.ifPresent(why -> found.put(photo, why));
      if (reason.isEmpty() || reason.get().severity() != Verdict.REJECT) {
        kept.add(photo);
      }
    }
    return found;
  }

  private Optional<Reason> duplicateByHash(AcceptedPhoto photo, List<AcceptedPhoto> kept) {
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

  private Optional<Reason> duplicateByEmbedding(AcceptedPhoto photo, List<AcceptedPhoto> kept) {
    return embeddings.flatMap(vectors -> kept.stream()
        .max(Comparator.comparingDouble(other -> vectors.cosine(photo, other)))
        .filter(other -> vectors.cosine(photo, other) > vectors.sameShotThreshold())
        .map(other -> new Reason(
            ReasonCode.NEAR_DUPLICATE,
            Verdict.WARN,
            vectors.cosine(photo, other),
            vectors.sameShotThreshold(),
            "it seems to be another crop of the same shot as " + other.name())));
  }

  private static double distance(AcceptedPhoto a, AcceptedPhoto b) {
    return a.distance(b);
  }

  // Width of the face in pixels, reduced by its blur.
  private static double detail(AcceptedPhoto photo) {
    return photo.face().box().width() * (1 - photo.features().blur());
  }

  /** The embeddings of a set's faces, each computed once, with the thresholds of their cosines. */
  static final class Embeddings {
    // The same-shot threshold lies at this fraction between the same-person threshold and 1.
    private static final double SAME_SHOT_SHARE = 0.88;
    // The band of doubt reaches below the same-person threshold by this share of the distance to 1.
    private static final double DOUBT_SHARE = 0.2;

    private final Map<AcceptedPhoto, float[]> vectors = new IdentityHashMap<>();
    private final double threshold;

    Embeddings(List<AcceptedPhoto> photos, FaceEmbedder embedder) {
      photos.forEach(photo -> vectors.put(photo, embedder.embed(photo.image(), photo.face())));
      threshold = embedder.samePersonThreshold();
    }

    double cosine(AcceptedPhoto a, AcceptedPhoto b) {
      return cosine(a, vectors.get(b));
    }

    float[] vector(AcceptedPhoto photo) {
      return vectors.get(photo);
    }

    double cosine(AcceptedPhoto photo, float[] vector) {
      return FaceEmbedder.cosine(vectors.get(photo), vector);
    }

    /** The cosine from which two photos show the same person. */
    double samePersonThreshold() {
      return threshold;
    }

    /** The cosine below which two photos show different persons; between the two is doubt. */
    double otherPersonThreshold() {
      return threshold - DOUBT_SHARE * (1 - threshold);
    }

    /** The cosine above which two photos are the same shot, cropped differently or mirrored. */
    double sameShotThreshold() {
      return threshold + SAME_SHOT_SHARE * (1 - threshold);
    }
  }
}
