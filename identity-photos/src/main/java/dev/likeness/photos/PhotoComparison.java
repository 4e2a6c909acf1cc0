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
 * Finds photos that are nearly the same shot: of each such pair the worse one gets a reason.
 * Fingerprints tell copies, whatever was done to their size, light or compression; embeddings also
 * tell other crops and mirror images, which are worth a warning only.
 */
final class PhotoComparison {
  private final QualityLimits.Band band;
  private final Optional<Embeddings> embeddings;

  PhotoComparison(QualityLimits.Band band, Optional<Embeddings> embeddings) {
    this.band = band;
    this.embeddings = embeddings;
  }

  /**
   * The reasons by photo, for those usable ones that repeat a better one: with a better verdict, or
   * crisper.
   */
  Map<AcceptedPhoto, Reason> findDuplicates(List<PhotoIntake.Result> results) {
    List<AcceptedPhoto> best = results.stream()
        .filter(result -> result.accepted().isPresent())
        .sorted(
            Comparator.comparing((PhotoIntake.Result result) -> result.verdict().verdict())
                .thenComparing(result -> -detail(result.accepted().orElseThrow())))
        .map(result -> result.accepted().orElseThrow())
        .toList();
    // By identity: hashing a photo would read all of its pixels, and the same file may be given
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
            "it seems to be the same shot as " + other.name() + ", framed differently")));
  }

  private static double distance(AcceptedPhoto a, AcceptedPhoto b) {
    return a.distance(b);
  }

  // Pixels across the face, discounted by blur.
  private static double detail(AcceptedPhoto photo) {
    return photo.face().box().width() * (1 - photo.features().blur());
  }

  /** The vectors of a set's faces, each computed once, and what their cosines mean. */
  static final class Embeddings {
    // Two photos are one shot when their cosine is this far from the threshold of one person
    // towards
    // 1.
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

    /** The cosine above which two photos show one person. */
    double samePersonThreshold() {
      return threshold;
    }

    /**
     * The cosine above which two photos of one person are one shot, framed or mirrored differently.
     */
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
     * The reasons by photo, for photos that show another person; empty when no two photos show the
     * same person.
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
          "it shows another person than most of the photos");
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

    // Takes the first photo and everything that is linked to it, however far round, out of those
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
