package dev.likeness.photos.internal.quality;

import dev.likeness.photos.quality.Band;
import dev.likeness.photos.quality.QualityLimits;
import dev.likeness.photos.quality.Reason;
import dev.likeness.photos.quality.ReasonCode;
import dev.likeness.photos.quality.Verdict;
import java.util.ArrayList;
import java.util.List;

/** The reasons against one photo as they are found, each measure held against its limits. */
final class Findings {
  private final QualityLimits limits;
  private final List<Reason> reasons = new ArrayList<>();

  Findings(QualityLimits limits) {
    this.limits = limits;
  }

  /** Adds a reason when {@code value} passes a threshold of {@code code}. */
  void measure(ReasonCode code, double value, String sentence) {
    Band band = limits.band(code);
    Verdict severity = band.judge(value);
    if (severity != Verdict.KEEP) {
      reasons.add(new Reason(code, severity, value, band.limit(value), sentence));
    }
  }

  /**
   * Adds a reason that is counted rather than held against limits: there were none of what should
   * be one.
   */
  void none(ReasonCode code, Verdict severity, String sentence) {
    reasons.add(new Reason(code, severity, 0, 1, sentence));
  }

  /** Adds a reason that nothing was measured for. */
  void state(ReasonCode code, Verdict severity, String sentence) {
    reasons.add(Reason.of(code, severity, sentence));
  }

  boolean has(ReasonCode code) {
    return reasons.stream().anyMatch(reason -> reason.code() == code);
  }

  List<Reason> reasons() {
    return List.copyOf(reasons);
  }
}
