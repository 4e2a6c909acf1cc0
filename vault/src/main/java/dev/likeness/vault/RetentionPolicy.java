package dev.likeness.vault;

import java.time.Duration;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How long each holding is kept, by two clocks: since its purpose was met (the person was learnt),
 * and since it was last used; whichever runs out first. Immutable.
 *
 * @param limits for every holding
 */
public record RetentionPolicy(Map<DataCategory, Limit> limits) {
  /**
   * How long one holding is kept.
   *
   * @param afterPurpose since the purpose was met
   * @param afterUse since the last use, or the last renewal
   */
  public record Limit(Duration afterPurpose, Duration afterUse) {
    public Limit {
      if (afterPurpose.isNegative() || afterUse.isNegative()) {
        throw new IllegalArgumentException(
            "things cannot be kept for less than no time: " + afterPurpose + ", " + afterUse);
      }
    }
  }

  /**
   * The longest that the strictest law known to us lets face geometry be kept after its last use:
   * three years.
   */
  public static final Duration MAX_DURATION = Duration.ofDays(3 * 365);

  private static final long MAX_SECONDS_BETWEEN_RECORDS = 3600;
  private static final Duration WEEK = Duration.ofDays(7);
  private static final Duration MONTH = Duration.ofDays(30);

  public RetentionPolicy {
    limits = new EnumMap<>(limits);
    if (limits.size() != DataCategory.values().length) {
      throw new IllegalArgumentException(
          "a policy needs a limit for each of photos, work, person and images");
    }
    limits.forEach((holding, limit) -> {
      if (limit.afterUse().compareTo(MAX_DURATION) > 0) {
        throw new IllegalArgumentException(
            "the " + holding.label() + " would be kept for " + limit.afterUse().toDays()
                + " days after their last use; at most " + MAX_DURATION.toDays());
      }
    });
    limits = Map.copyOf(limits);
  }

  /**
   * Photos and work go once the person is learnt, and after a week at the latest; the rest after 30
   * idle days.
   */
  public static RetentionPolicy defaults() {
    Limit now = new Limit(Duration.ZERO, WEEK);
    Limit later = new Limit(MAX_DURATION, MONTH);
    return new RetentionPolicy(Map.of(
        DataCategory.PHOTOS,
        now,
        DataCategory.TRAINING_STATES,
        now,
        DataCategory.PERSON,
        later,
        DataCategory.IMAGES,
        later));
  }

  /** The same with another limit for one holding. */
  public RetentionPolicy with(DataCategory holding, Limit limit) {
    Map<DataCategory, Limit> other = new EnumMap<>(limits);
    other.put(holding, limit);
    return new RetentionPolicy(other);
  }

  /** Whether a holding's time is over. */
  boolean isDue(DataCategory holding, SubjectDates dates, long now) {
    Limit limit = limits.get(holding);
    long met = dates.purposeMetAt(holding);
    boolean served = met >= 0 && now - met >= limit.afterPurpose().toSeconds();
    return served || now - dates.lastUsedAt(holding) >= limit.afterUse().toSeconds();
  }

  /**
   * How often a use is noted: once an hour, or so often that no holding is kept for less than nine
   * tenths of its time.
   */
  long secondsBetweenRecords() {
    long shortest = limits.values().stream()
        .mapToLong(limit -> limit.afterUse().toSeconds())
        .min()
        .orElseThrow();
    return Math.min(MAX_SECONDS_BETWEEN_RECORDS, shortest / 10);
  }

  Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    for (DataCategory holding : DataCategory.values()) {
      map.put(
          holding.label(),
          Map.of(
              "after_purpose",
              limits.get(holding).afterPurpose().toSeconds(),
              "after_use",
              limits.get(holding).afterUse().toSeconds()));
    }
    return map;
  }

  static RetentionPolicy of(Map<?, ?> map) {
    Map<DataCategory, Limit> limits = new EnumMap<>(DataCategory.class);
    for (DataCategory holding : DataCategory.values()) {
      Map<?, ?> limit = (Map<?, ?>) map.get(holding.label());
      limits.put(
          holding,
          new Limit(
              Duration.ofSeconds(((Number) limit.get("after_purpose")).longValue()),
              Duration.ofSeconds(((Number) limit.get("after_use")).longValue())));
    }
    return new RetentionPolicy(limits);
  }

  /**
   * What a purge removed.
   *
   * @param erased receipts of the persons whose time was over
   * @param files how many files of others went
   */
  public record PurgeReport(List<ErasureReceipt> erased, int files) {
    public PurgeReport {
      erased = List.copyOf(erased);
    }
  }
}
