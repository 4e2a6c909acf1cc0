package dev.likeness.photos;

import dev.likeness.photos.quality.Verdict;
import java.util.ArrayList;
import java.util.List;

/**
 * The result of the review for the whole set.
 *
 * @param photos number of reviewed photos
 * @param accepted number of accepted photos
 * @param readiness how suitable the set is for training, 0 to 1. The number of accepted photos
 *     contributes up to 0.6, their variety up to 0.2, and the share of accepted photos without a
 *     warning up to 0.2. If no photo is accepted, or if {@link PhotoReview#isPersonUnclear()}, the
 *     readiness is 0
 * @param coverage the variety of the accepted photos
 * @param advice sentences for the person who takes the photos: how to improve the set; empty if
 *     there is nothing to improve
 * @param toolAdvice sentences for the person who runs the review: which additional tools would find
 *     more problems; empty if no tool is missing
 */
public record SetVerdict(
    int photos,
    int accepted,
    double readiness,
    SetCoverage coverage,
    List<String> advice,
    List<String> toolAdvice) {
  /**
   * The smallest useful number of photos. With fewer accepted photos, a trained person resembles
   * the photos less.
   */
  public static final int MIN_PHOTOS = 3;
  /** The recommended number of photos. Each further photo improves the result less. */
  public static final int RECOMMENDED_PHOTOS = 8;
  /** The largest useful number of photos. Further photos hardly improve the result. */
  public static final int MAX_PHOTOS = 20;

  /** Copies the lists of advice. */
  public SetVerdict {
    advice = List.copyOf(advice);
    toolAdvice = List.copyOf(toolAdvice);
  }

  static SetVerdict of(
      List<PhotoVerdict> photos, List<AcceptedPhoto> accepted, boolean byCascades) {
    SetCoverage coverage = SetCoverage.of(accepted);
    double warned =
        photos.stream().filter(photo -> photo.verdict() == Verdict.WARN).count();
    int n = accepted.size();
    double readiness = n == 0
        ? 0
        : 0.6 * Math.min(1, (double) n / RECOMMENDED_PHOTOS)
            + 0.2 * coverage.variety(n)
            + 0.2 * (1 - warned / n);
    return new SetVerdict(
        photos.size(),
        n,
        readiness,
        coverage,
        SetAdvice.of(coverage, accepted),
        byCascades ? List.of(SetAdvice.DETECTOR) : List.of());
  }

  /** Adds what the comparison of identities says about the set. */
  SetVerdict withIdentity(boolean compared, boolean unclear) {
    if (compared && !unclear || !compared && accepted < 2) {
      return this;
    }
    List<String> more = new ArrayList<>(unclear ? advice : toolAdvice);
    more.add(0, unclear ? SetAdvice.SEVERAL : SetAdvice.EMBEDDER);
    return unclear
        ? new SetVerdict(photos, accepted, 0, coverage, more, toolAdvice)
        : new SetVerdict(photos, accepted, readiness, coverage, advice, more);
  }
}
