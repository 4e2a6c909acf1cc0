package dev.likeness.photos;

import dev.likeness.photos.quality.Verdict;
import java.util.List;

/**
 * What the review says of the photos together.
 *
 * @param photos how many were looked at
 * @param accepted how many may be used
 * @param readiness 0 to 1: how well a person can be learnt from them; number counts most, then
 *     variety and quality
 * @param coverage how varied the accepted photos are
 * @param advice what would make the set better, in sentences for people; empty when nothing is
 *     missing
 */
public record SetVerdict(
    int photos, int accepted, double readiness, SetCoverage coverage, List<String> advice) {
  /** Below this many accepted photos a person is not learnt well. */
  public static final int FEWEST = 3;
  /** With this many accepted photos more add less. */
  public static final int ENOUGH = 8;
  /** More photos than this add little. */
  public static final int MOST = 20;

  public SetVerdict {
    advice = List.copyOf(advice);
  }

  static SetVerdict of(List<PhotoVerdict> photos, List<AcceptedPhoto> accepted) {
    SetCoverage coverage = SetCoverage.of(accepted);
    double warned =
        photos.stream().filter(photo -> photo.verdict() == Verdict.WARN).count();
    int n = accepted.size();
    double readiness = n == 0
        ? 0
        : 0.6 * Math.min(1, (double) n / ENOUGH)
            + 0.2 * coverage.variety(n)
            + 0.2 * (1 - warned / n);
    return new SetVerdict(photos.size(), n, readiness, coverage, SetAdvice.on(coverage, accepted));
  }
}
