package dev.likeness.vault;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The dates of a subject, in seconds of {@link StoreClock}. Photos and training states have a
 * separate last use, because generation needs neither.
 *
 * @param createdAt when the subject was created
 * @param purposeMetAt when the stored photos were trained on, or -1
 * @param trainedAt when the person was last trained, or -1
 * @param photosUsedAt when photos were last added, used or renewed
 * @param lastUsedAt when any data was last used or renewed
 */
record SubjectDates(
    long createdAt, long purposeMetAt, long trainedAt, long photosUsedAt, long lastUsedAt) {
  private static final long NEVER = -1;
  private static final String TRAINED = "trained";
  /** The key of stores that earlier versions wrote; it is only read. */
  private static final String OLD_TRAINED = "learnt";

  static SubjectDates createdAt(long now) {
    return new SubjectDates(now, NEVER, NEVER, now, now);
  }

  SubjectDates withUse(DataCategory category, long now) {
    return new SubjectDates(
        createdAt,
        purposeMetAt,
        trainedAt,
        isOfPhotos(category) ? Math.max(photosUsedAt, now) : photosUsedAt,
        Math.max(lastUsedAt, now));
  }

  SubjectDates withRenewal(long now) {
    return withUse(DataCategory.PERSON, now).withUse(DataCategory.PHOTOS, now);
  }

  SubjectDates trainedAt(long now) {
    return new SubjectDates(createdAt, now, now, photosUsedAt, Math.max(lastUsedAt, now));
  }

  /** Returns the dates after new photos were added, whose purpose is not met yet. */
  SubjectDates withPhotos(long now) {
    return new SubjectDates(
        createdAt, NEVER, trainedAt, Math.max(photosUsedAt, now), Math.max(lastUsedAt, now));
  }

  /** Returns when the category was last used. */
  long lastUsedAt(DataCategory category) {
    return isOfPhotos(category) ? photosUsedAt : lastUsedAt;
  }

  /** Returns when the purpose of the category was met, or -1. */
  long purposeMetAt(DataCategory category) {
    return isOfPhotos(category) ? purposeMetAt : trainedAt;
  }

  static boolean isOfPhotos(DataCategory category) {
    return category == DataCategory.PHOTOS || category == DataCategory.TRAINING_STATES;
  }

  /** Returns the seconds since each date; {@code trained} is missing before the first training. */
  Map<String, Long> ages(long now) {
    Map<String, Long> ages = new LinkedHashMap<>();
    ages.put("created", now - createdAt);
    if (trainedAt >= 0) {
      ages.put(TRAINED, now - trainedAt);
    }
    ages.put("used", now - lastUsedAt);
    return ages;
  }

  Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("created", createdAt);
    map.put("purpose_met", purposeMetAt);
    map.put(TRAINED, trainedAt);
    map.put("photos_use", photosUsedAt);
    map.put("last_use", lastUsedAt);
    return map;
  }

  /**
   * Reads the dates. Files of earlier versions may lack two of the five, or have an old key.
   *
   * @throws InvalidInputException if the file is missing, or lacks a date
   */
  static SubjectDates read(Path file) {
    if (!Files.exists(file)) {
      throw new InvalidInputException(file + " is missing; restore it from a copy");
    }
    Map<String, Object> map = JsonFile.read(file);
    map.putIfAbsent(TRAINED, map.getOrDefault(OLD_TRAINED, map.get("purpose_met")));
    map.putIfAbsent("photos_use", map.get("last_use"));
    return new SubjectDates(
        JsonFile.number(map, "created", 0, StoreClock.MAX_SECONDS, file),
        JsonFile.number(map, "purpose_met", NEVER, StoreClock.MAX_SECONDS, file),
        JsonFile.number(map, TRAINED, NEVER, StoreClock.MAX_SECONDS, file),
        JsonFile.number(map, "photos_use", 0, StoreClock.MAX_SECONDS, file),
        JsonFile.number(map, "last_use", 0, StoreClock.MAX_SECONDS, file));
  }

  /** Returns the latest date. */
  long latest() {
    return Math.max(Math.max(createdAt, trainedAt), Math.max(photosUsedAt, lastUsedAt));
  }

  /** The dates of a subject and their file. Not safe for threads: {@link Subject} synchronises. */
  static final class Recorded {
    private final Path file;
    private final StoreClock clock;
    private SubjectDates dates;
    private String damage;

    private Recorded(Path file, StoreClock clock) {
      this.file = file;
      this.clock = clock;
    }

    static Recorded create(Path file, StoreClock clock) {
      Recorded recorded = new Recorded(file, clock);
      recorded.save(createdAt(clock.now()));
      return recorded;
    }

    static Recorded open(Path file, StoreClock clock) {
      Recorded recorded = new Recorded(file, clock);
      try {
        recorded.dates = read(file);
      } catch (InvalidInputException damaged) {
        recorded.reset(damaged);
      }
      return recorded;
    }

    /**
     * Resets the dates if their file is damaged or lost, once, so that the subject can still be
     * erased and purged.
     */
    private void reset(InvalidInputException damaged) {
      damage = damaged.getMessage();
      SubjectDates now = createdAt(clock.now());
      try {
        save(now);
      } catch (ResourceLimitException full) {
        // The disk is full. The next opening of the store tries again.
      }
    }

    /**
     * {@return a description of the damage found when the file was opened; empty if there was none}
     */
    Optional<String> damage() {
      return Optional.ofNullable(damage);
    }

    SubjectDates dates() {
      return dates;
    }

    /** Changes the dates at this moment, and writes them. */
    void change(Change change) {
      save(change.at(dates, clock.now()));
    }

    /** Records a use, unless the last recorded one is less than {@code interval} seconds ago. */
    void recordUse(DataCategory category, long interval) {
      long now = clock.now();
      if (now - dates.lastUsedAt(category) >= interval) {
        save(dates.withUse(category, now));
      }
    }

    private void save(SubjectDates changed) {
      dates = changed;
      JsonFile.write(file, dates.toMap());
    }
  }

  /** A change of dates, such as {@link SubjectDates#withRenewal}. */
  @FunctionalInterface
  interface Change {
    SubjectDates at(SubjectDates dates, long now);
  }
}
