package dev.likeness.vault;

import dev.likeness.diffusion.error.InvalidInputException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * How long a {@link SubjectStore} keeps each category of data. Each category has two limits: one
 * counts from the training, the other from the last use. A choice of reference images counts as a
 * training. When either limit is reached, {@link SubjectStore#purgeDue} removes the data.
 * Immutable.
 *
 * @param limits the {@link Limit} of every category, in the order of {@link DataCategory}
 */
public record RetentionPolicy(Map<DataCategory, Limit> limits) {
  /**
   * The two retention limits of one category.
   *
   * @param afterPurpose duration after the end of the training, not negative
   * @param afterUse duration after the last use or {@linkplain Subject#renew renewal}, not negative
   */
  public record Limit(Duration afterPurpose, Duration afterUse) {
    /**
     * Checks that both durations are not negative.
     *
     * @throws IllegalArgumentException if a duration is negative
     */
    public Limit {
      if (afterPurpose.isNegative() || afterUse.isNegative()) {
        throw new IllegalArgumentException("retention limits must not be negative, got "
            + afterPurpose + " after the training, " + afterUse + " after the last use");
      }
    }
  }

  /**
   * The longest allowed duration after the last use: three years, as the Biometric Information
   * Privacy Act of Illinois requires (740 ILCS 14/15).
   */
  public static final Duration MAX_DURATION = Duration.ofDays(3 * 365);

  private static final String AFTER_PURPOSE = "after_purpose";
  private static final String AFTER_USE = "after_use";
  private static final long MAX_SECONDS_BETWEEN_RECORDS = 3600;
  private static final Duration WEEK = Duration.ofDays(7);
  private static final Duration MONTH = Duration.ofDays(30);

  /**
   * Checks that every category has a limit of at most {@link #MAX_DURATION} after the last use.
   *
   * @throws IllegalArgumentException if a category has no limit, or its {@link Limit#afterUse} is
   *     longer than {@link #MAX_DURATION}
   */
  public RetentionPolicy {
    limits = new EnumMap<>(limits);
    if (limits.size() != DataCategory.values().length) {
      throw new IllegalArgumentException("a retention policy needs a limit for each of "
          + List.of(DataCategory.values()) + ", got limits for " + limits.keySet());
    }
    limits.forEach((category, limit) -> {
      if (limit.afterUse().compareTo(MAX_DURATION) > 0) {
        throw new IllegalArgumentException("the category " + category.label()
            + " would be kept for " + text(limit.afterUse()) + " after its last use; at most "
            + text(MAX_DURATION) + " are allowed");
      }
    });
    limits = Collections.unmodifiableMap(limits);
  }

  /** Returns a duration in days, hours, minutes, seconds and nanoseconds, without zeros. */
  private static String text(Duration duration) {
    Map<String, Long> parts = new LinkedHashMap<>();
    parts.put("day", duration.toDays());
    parts.put("hour", (long) duration.toHoursPart());
    parts.put("minute", (long) duration.toMinutesPart());
    parts.put("second", (long) duration.toSecondsPart());
    parts.put("nanosecond", (long) duration.toNanosPart());
    return parts.entrySet().stream()
        .filter(part -> part.getValue() > 0)
        .map(part -> part.getValue() + " " + part.getKey() + (part.getValue() == 1 ? "" : "s"))
        .collect(Collectors.joining(", "));
  }

  /**
   * {@return the default policy} Photos and training states are removed when the training ends, or
   * after a week without use, whichever comes first. Other data is removed after 30 days without
   * use, or three years after the last training, whichever comes first.
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

  /**
   * {@return a copy of this policy with the given limit for one category}
   *
   * @param category the category
   * @param limit the limit of this category
   * @throws IllegalArgumentException if {@link Limit#afterUse} is longer than {@link #MAX_DURATION}
   */
  public RetentionPolicy with(DataCategory category, Limit limit) {
    Map<DataCategory, Limit> other = new EnumMap<>(limits);
    other.put(category, limit);
    return new RetentionPolicy(other);
  }

  /** Returns true if the limit of a category is reached. */
  boolean isDue(DataCategory category, SubjectDates dates, long now) {
    return secondsLeft(category, dates, now) <= 0;
  }

  /** Returns the seconds until the limit of a category is reached; 0 or less if it is reached. */
  long secondsLeft(DataCategory category, SubjectDates dates, long now) {
    Limit limit = limits.get(category);
    long met = dates.purposeMetAt(category);
    long unused = limit.afterUse().toSeconds() - (now - dates.lastUsedAt(category));
    return met < 0 ? unused : Math.min(unused, limit.afterPurpose().toSeconds() - (now - met));
  }

  /**
   * Returns how often a use is recorded: once an hour, or more often if a limit is so short that it
   * would lose a tenth of it.
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
    for (DataCategory category : DataCategory.values()) {
      map.put(
          category.label(),
          Map.of(
              AFTER_PURPOSE,
              limits.get(category).afterPurpose().toSeconds(),
              AFTER_USE,
              limits.get(category).afterUse().toSeconds()));
    }
    return map;
  }

  /**
   * Reads the policy of a store, also of version 0.1.0.
   *
   * @throws InvalidInputException if the file has no policy
   */
  static RetentionPolicy read(Path file) {
    Map<String, Object> map = JsonFile.read(file);
    Map<DataCategory, Limit> limits = new EnumMap<>(DataCategory.class);
    for (DataCategory category : DataCategory.values()) {
      Object saved = map.getOrDefault(category.label(), map.get(category.formerLabel()));
      Map<?, ?> limit = saved instanceof Map<?, ?> object ? object : Map.of();
      limits.put(
          category,
          new Limit(
              Duration.ofSeconds(
                  JsonFile.number(limit, AFTER_PURPOSE, 0, StoreClock.MAX_SECONDS, file)),
              Duration.ofSeconds(
                  JsonFile.number(limit, AFTER_USE, 0, MAX_DURATION.toSeconds(), file))));
    }
    return new RetentionPolicy(limits);
  }

  /**
   * The result of a purge. A purge removes the data whose retention limit is reached.
   *
   * @param erased receipts of the erased subjects
   * @param files the number of files removed from subjects that were not erased
   */
  public record PurgeReport(List<ErasureReceipt> erased, int files) {
    /** Copies the receipts. */
    public PurgeReport {
      erased = List.copyOf(erased);
    }
  }
}
