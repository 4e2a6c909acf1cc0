package dev.likeness.photos;

import dev.likeness.diffusion.internal.io.CurrentWork;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.internal.quality.ShotPattern;
import dev.likeness.photos.internal.quality.TrueDetail;
import dev.likeness.photos.quality.QualityLimits;
import dev.likeness.photos.quality.Reason;
import dev.likeness.photos.quality.ReasonCode;
import dev.likeness.photos.quality.Verdict;
import java.util.ArrayList;
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
      CurrentWork.throwIfCancelled();
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
      String relation =
          fit.mirrored() ? "it is a mirrored copy of " : "it is another crop of the same shot as ";
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
  private record Repeat(Shot other, Verdict severity, double value, double limit, String relation) {
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
    private static final double SAME_SHOT_SHARE = 0.88;
    // The band of doubt reaches below the same-person threshold by this share of the distance to 1.
    private static final double DOUBT_SHARE = 0.2;

    private final Map<AcceptedPhoto, float[]> vectors = new IdentityHashMap<>();
    private final double threshold;

    Embeddings(List<AcceptedPhoto> photos, FaceEmbedder embedder) {
      for (AcceptedPhoto photo : photos) {
        CurrentWork.throwIfCancelled();
        vectors.put(photo, embedder.embed(photo.image(), photo.face()));
      }
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
