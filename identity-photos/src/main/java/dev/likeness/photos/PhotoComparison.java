package dev.likeness.photos;

import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.quality.QualityLimits;
import dev.likeness.photos.quality.Reason;
import dev.likeness.photos.quality.ReasonCode;
import dev.likeness.photos.quality.Verdict;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
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
    private static final double SAME_SHOT_SHARE = 0.85;

    private final Map<AcceptedPhoto, float[]> vectors = new IdentityHashMap<>();
    private final double threshold;

    Embeddings(List<AcceptedPhoto> photos, FaceEmbedder embedder) {
      photos.forEach(photo -> vectors.put(photo, embedder.embed(photo.image(), photo.face())));
      threshold = embedder.samePersonThreshold();
    }

    double cosine(AcceptedPhoto a, AcceptedPhoto b) {
      return FaceEmbedder.cosine(vectors.get(a), vectors.get(b));
    }

    /** The cosine from which two photos show the same person. */
    double samePersonThreshold() {
      return threshold;
    }

    /** The cosine above which two photos are the same shot, cropped differently or mirrored. */
    double sameShotThreshold() {
      return threshold + SAME_SHOT_SHARE * (1 - threshold);
    }
  }

  /**
   * Finds the main person of a set: the largest group in which every photo is linked to another by
   * a cosine above the embedder's threshold. Photos outside this group show another person.
   */
  static final class SamePersonCheck {
    private SamePersonCheck() {}

    /**
     * Returns the reasons of photos that show another person. The map is empty if no two photos
     * show the same person.
     */
    static Map<AcceptedPhoto, Reason> findOtherPersons(
        List<AcceptedPhoto> photos, Embeddings embeddings) {
      List<AcceptedPhoto> group = largestGroup(photos, embeddings);
      Map<AcceptedPhoto, Reason> strangers = new IdentityHashMap<>();
      if (group.size() > 1) {
        photos.stream()
            .filter(photo -> group.stream().noneMatch(member -> member == photo))
            .forEach(photo -> strangers.put(photo, reason(photo, group, embeddings)));
      }
      return strangers;
    }

    private static Reason reason(
        AcceptedPhoto photo, List<AcceptedPhoto> group, Embeddings embeddings) {
      double closest = group.stream()
          .mapToDouble(member -> embeddings.cosine(photo, member))
          .max()
          .orElseThrow();
      return new Reason(
          ReasonCode.WRONG_PERSON,
          Verdict.REJECT,
          closest,
          embeddings.samePersonThreshold(),
          "it shows a different person than most photos do");
    }

    private static List<AcceptedPhoto> largestGroup(
        List<AcceptedPhoto> photos, Embeddings embeddings) {
      List<AcceptedPhoto> best = List.of();
      List<AcceptedPhoto> left = new ArrayList<>(photos);
      while (!left.isEmpty()) {
        List<AcceptedPhoto> group = connectedGroup(left, embeddings);
        best = group.size() > best.size() ? group : best;
      }
      return best;
    }

    // Removes the first photo and all photos linked to it, directly or through others, from those
    // left.
    private static List<AcceptedPhoto> connectedGroup(
        List<AcceptedPhoto> left, Embeddings embeddings) {
      List<AcceptedPhoto> group = new ArrayList<>();
      Deque<AcceptedPhoto> open = new ArrayDeque<>(List.of(left.remove(0)));
      while (!open.isEmpty()) {
        AcceptedPhoto photo = open.poll();
        group.add(photo);
        left.removeIf(other -> {
          boolean same = embeddings.cosine(photo, other) >= embeddings.samePersonThreshold();
          return same && open.add(other);
        });
      }
      return group;
    }
  }
}
