package dev.likeness.photos.quality;

import java.util.EnumMap;
import java.util.Map;

/**
 * The thresholds of all quality measures. Immutable; {@link #with} returns a copy with new
 * thresholds for one measure.
 */
public final class QualityLimits {
  /**
   * The default thresholds. At the warning threshold, a person would hesitate to use a photo. At
   * the rejection threshold, a trained model would reproduce the defect.
   */
  public static final QualityLimits DEFAULT = new QualityLimits(defaults());

  private final Map<ReasonCode, Band> bands;

  private QualityLimits(Map<ReasonCode, Band> bands) {
    this.bands = new EnumMap<>(bands);
  }

  private static Map<ReasonCode, Band> defaults() {
    double never = Double.POSITIVE_INFINITY;
    Map<ReasonCode, Band> bands = new EnumMap<>(ReasonCode.class);
    bands.put(ReasonCode.SEVERAL_FACES, new Band(0.1, 0.3));
    bands.put(ReasonCode.FACE_TOO_SMALL, new Band(80, 40));
    bands.put(ReasonCode.FACE_CUT_OFF, new Band(0.03, 0.15));
    bands.put(ReasonCode.BLURRED, new Band(0.56, 0.68));
    bands.put(ReasonCode.TOO_DARK, new Band(110, 80));
    bands.put(ReasonCode.TOO_BRIGHT, new Band(0.15, 0.4));
    bands.put(ReasonCode.UNEVEN_LIGHT, new Band(1.3, 2.6));
    bands.put(ReasonCode.SUNGLASSES, new Band(0.5, never));
    bands.put(ReasonCode.MASK, new Band(0.6, 0.8));
    bands.put(ReasonCode.HAT, new Band(0.5, never));
    bands.put(ReasonCode.FACE_COVERED, new Band(0.42, 0.6));
    bands.put(ReasonCode.EXTREME_POSE, new Band(40, 75));
    bands.put(ReasonCode.BLACK_AND_WHITE, new Band(4, -never));
    bands.put(ReasonCode.STRONG_FILTER, new Band(3.5, -never));
    bands.put(ReasonCode.HEAVY_COMPRESSION, new Band(35, 12));
    bands.put(ReasonCode.COMPRESSED_BEFORE, new Band(1.25, never));
    bands.put(ReasonCode.BORDERS, new Band(0.08, 0.8));
    bands.put(ReasonCode.DISTORTED, new Band(50, never));
    bands.put(ReasonCode.LOW_QUALITY, new Band(0.6, 0.3));
    bands.put(ReasonCode.NEAR_DUPLICATE, new Band(0.18, 0.12));
    return bands;
  }

  /**
   * Returns the thresholds of one measure.
   *
   * @param code the reason whose value is compared with thresholds, such as
   *     {@link ReasonCode#BLURRED}
   * @return the two thresholds of this measure
   * @throws IllegalArgumentException if there are no thresholds for the reason, such as for
   *     {@link ReasonCode#NO_FACE}
   */
  public Band band(ReasonCode code) {
    Band band = bands.get(code);
    if (band == null) {
      throw new IllegalArgumentException(
          "there are no thresholds for " + code.id() + "; choose another reason, such as blurred");
    }
    return band;
  }

  /**
   * Returns a copy of these limits with the given thresholds for one measure.
   *
   * @param code the reason whose value is compared with thresholds, such as
   *     {@link ReasonCode#BLURRED}
   * @param band the new thresholds, in the unit that {@link ReasonCode} states
   * @return new limits
   * @throws IllegalArgumentException if there are no thresholds for the reason
   */
  public QualityLimits with(ReasonCode code, Band band) {
    band(code);
    Map<ReasonCode, Band> changed = new EnumMap<>(bands);
    changed.put(code, band);
    return new QualityLimits(changed);
  }

  /**
   * Two limits of a measured value. If {@code reject} is above {@code warn}, higher values are
   * worse; otherwise lower values are worse. No value is beyond an infinite limit.
   *
   * @param warn values beyond this limit give a warning
   * @param reject values beyond this limit reject the photo
   */
  public record Band(double warn, double reject) {
    /**
     * Checks that the limits are numbers and differ.
     *
     * @throws IllegalArgumentException if a limit is NaN, or both are equal
     */
    public Band {
      if (Double.isNaN(warn) || Double.isNaN(reject) || warn == reject) {
        throw new IllegalArgumentException(
            "a band of quality limits needs two different numbers, got " + warn + " and " + reject);
      }
    }

    /**
     * Returns the verdict on a measured value.
     *
     * @param value the measured value
     * @return the verdict; {@link Verdict#KEEP} if the value is NaN
     */
    public Verdict judge(double value) {
      return exceeds(value, reject)
          ? Verdict.REJECT
          : exceeds(value, warn) ? Verdict.WARN : Verdict.KEEP;
    }

    /**
     * Returns the limit that decides the verdict on a measured value.
     *
     * @param value the measured value
     * @return the rejection limit if the value is beyond it, otherwise the warning limit
     */
    public double limit(double value) {
      return exceeds(value, reject) ? reject : warn;
    }

    private boolean exceeds(double value, double threshold) {
      return reject > warn ? value > threshold : value < threshold;
    }
  }
}
