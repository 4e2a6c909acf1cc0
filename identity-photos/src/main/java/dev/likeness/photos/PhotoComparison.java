package dev.likeness.photos;

import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.internal.quality.ShotPattern;
import dev.likeness.photos.internal.quality.TrueDetail;
import dev.likeness.photos.quality.QualityLimits;
import dev.likeness.photos.quality.Reason;
import dev.likeness.photos.quality.ReasonCode;
import dev.likeness.photos.quality.Verdict;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Finds photos that repeat a better photo of the set. Perceptual hashes find copies of any size,
 * brightness or compression; the patterns of the faces also find mirrored copies and other crops.
 * Embeddings find further crops, which only get a warning.
 */
final class PhotoComparison {
  private final QualityLimits.Band band;
  private final Optional<Embeddings> embeddings;

  PhotoComparison(QualityLimits.Band band, Optional<Embeddings> embeddings) {
    this.band = band;
    this.embeddings = embeddings;
  }

  /**
   * Returns the reasons of usable photos that repeat a better one. The photo with more true detail
   * in its face is better; with equal detail, the one with the better verdict is.
   */
  Map<AcceptedPhoto, Reason> findDuplicates(List<PhotoIntake.Result> results) {
    List<Shot> kept = new ArrayList<>();
    Map<Shot, Repeat> repeats = new LinkedHashMap<>();
    for (PhotoIntake.Result result : results) {
      if (result.accepted().isPresent()) {
        add(new Shot(result), kept, repeats);
      }
    }
    // The map compares by identity: equals would read all pixels, and the same file may occur
    // twice.
    Map<AcceptedPhoto, Reason> found = new IdentityHashMap<>();
    repeats.forEach((shot, repeat) -> found.put(shot.photo, repeat.reason(repeats)));
    return found;
  }

  // Compares a shot with the kept ones. Of two copies, the better one is kept.
  private void add(Shot shot, List<Shot> kept, Map<Shot, Repeat> repeats) {
    for (Shot other : List.copyOf(kept)) {
      Optional<Repeat> repeat = repeat(shot, other);
      if (repeat.isEmpty()) {
        continue;
      }
      boolean better = shot.isBetterThan(other);
      Repeat found = better ? repeat.get().of(shot) : repeat.get();
      repeats.merge(better ? other : shot, found, Repeat::worse);
      if (found.severity() == Verdict.REJECT) {
        if (!better) {
          return;
        }
        kept.remove(other);
      }
    }
    kept.add(shot);
  }

  private Optional<Repeat> repeat(Shot shot, Shot other) {
    double hashes = shot.photo.distance(other.photo);
    if (band.judge(hashes) != Verdict.KEEP) {
      return Optional.of(repeat(other, hashes, "it is nearly the same shot as "));
    }
    ShotPattern.Fit fit = shot.pattern().fit(other.pattern());
    if (fit.isSameShot() && band.judge(fit.distance()) != Verdict.KEEP) {
      String relation = fit.mirrored()
          ? "it is a mirrored copy of "
          : "it is another crop of the same shot as ";
      return Optional.of(repeat(other, fit.distance(), relation));
    }
    return embeddings
        .filter(vectors -> vectors.cosine(shot.photo, other.photo) > vectors.sameShotThreshold())
        .map(vectors -> new Repeat(
            other,
            Verdict.WARN,
            vectors.cosine(shot.photo, other.photo),
            vectors.sameShotThreshold(),
            "it seems to be another crop of the same shot as "));
  }

  private Repeat repeat(Shot other, double distance, String relation) {
    return new Repeat(other, band.judge(distance), distance, band.limit(distance), relation);
  }

  /** A usable photo with what is compared of it, computed when needed. */
  private static final class Shot {
    private final AcceptedPhoto photo;
    private final PhotoIntake.Result result;
    private ShotPattern pattern;
    private TrueDetail detail;

    Shot(PhotoIntake.Result result) {
      this.result = result;
      this.photo = result.accepted().orElseThrow();
    }

    ShotPattern pattern() {
      if (pattern == null) {
        pattern = ShotPattern.of(photo.image(), photo.face());
      }
      return pattern;
    }

    private TrueDetail detail() {
      if (detail == null) {
        detail = TrueDetail.of(photo.image(), photo.face(), result.fidelity());
      }
      return detail;
    }

    boolean isBetterThan(Shot other) {
      int more = detail().compare(other.detail());
      return more != 0
          ? more > 0
          : result.verdict().verdict().compareTo(other.result.verdict().verdict()) < 0;
    }
  }

  // How a photo repeats another one.
  private record Repeat(
      Shot other, Verdict severity, double value, double limit, String relation) {
    Repeat of(Shot better) {
      return new Repeat(better, severity, value, limit, relation);
    }

    Repeat worse(Repeat repeat) {
      return repeat.severity.compareTo(severity) > 0 ? repeat : this;
    }

    // Names the photo that is kept, which may have replaced the other one.
    Reason reason(Map<Shot, Repeat> repeats) {
      Shot named = other;
      while (repeats.containsKey(named) && repeats.get(named).severity == Verdict.REJECT) {
        named = repeats.get(named).other;
      }
      return new Reason(
          ReasonCode.NEAR_DUPLICATE, severity, value, limit, relation + named.photo.name());
    }
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
