package dev.likeness.vault;

import dev.likeness.diffusion.error.InvalidInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * When what happened, in seconds of the store's own time; see {@link StoreClock}. Photos, and the
 * work on them, have a use of their own: drawing a person needs neither.
 *
 * @param createdAt when the subject came into the store
 * @param purposeMetAt when the photos that are there were learnt from, or -1
 * @param trainedAt when the person was last learnt, or -1
 * @param photosUsedAt when photos came in or were worked on last, or everything renewed
 * @param lastUsedAt when anything of theirs was last used or renewed
 */
record SubjectDates(
    long createdAt, long purposeMetAt, long trainedAt, long photosUsedAt, long lastUsedAt) {
  private static final long NEVER = -1;

  static SubjectDates createdAt(long now) {
    return new SubjectDates(now, NEVER, NEVER, now, now);
  }

  SubjectDates withUse(DataCategory holding, long now) {
    return new SubjectDates(
        createdAt,
        purposeMetAt,
        trainedAt,
        isOfPhotos(holding) ? Math.max(photosUsedAt, now) : photosUsedAt,
        Math.max(lastUsedAt, now));
  }

  SubjectDates withRenewal(long now) {
    return withUse(DataCategory.PERSON, now).withUse(DataCategory.PHOTOS, now);
  }

  SubjectDates trainedAt(long now) {
    return new SubjectDates(createdAt, now, now, photosUsedAt, Math.max(lastUsedAt, now));
  }

  /** New photos serve a new purpose, which is not met yet. */
  SubjectDates withPhotos(long now) {
    return new SubjectDates(
        createdAt, NEVER, trainedAt, Math.max(photosUsedAt, now), Math.max(lastUsedAt, now));
  }

  /** When {@code holding} was last used. */
  long lastUsedAt(DataCategory holding) {
    return isOfPhotos(holding) ? photosUsedAt : lastUsedAt;
  }

  /** When what {@code holding} is there for was done, or -1. */
  long purposeMetAt(DataCategory holding) {
    return isOfPhotos(holding) ? purposeMetAt : trainedAt;
  }

  static boolean isOfPhotos(DataCategory holding) {
    return holding == DataCategory.PHOTOS || holding == DataCategory.TRAINING_STATES;
  }

  /** How long before now each was; {@code trainedAt} is missing until then. */
  Map<String, Long> ages(long now) {
    Map<String, Long> ages = new LinkedHashMap<>();
    ages.put("created", now - createdAt);
    if (trainedAt >= 0) {
      ages.put("learnt", now - trainedAt);
    }
    ages.put("used", now - lastUsedAt);
    return ages;
  }

  Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("created", createdAt);
    map.put("purpose_met", purposeMetAt);
    map.put("learnt", trainedAt);
    map.put("photos_use", photosUsedAt);
    map.put("last_use", lastUsedAt);
    return map;
  }

  /**
   * Reads them; stores once kept three of the five.
   *
   * @throws InvalidInputException when the file holds none, or is missing
   */
  static SubjectDates read(Path file) {
    if (!Files.exists(file)) {
      throw new InvalidInputException(file + " is missing; restore it from a copy");
    }
    Map<String, Object> map = JsonFile.read(file);
    map.putIfAbsent("learnt", map.get("purpose_met"));
    map.putIfAbsent("photos_use", map.get("last_use"));
    return new SubjectDates(
        readSeconds(map, "created", file),
        readSeconds(map, "purpose_met", file),
        readSeconds(map, "learnt", file),
        readSeconds(map, "photos_use", file),
        readSeconds(map, "last_use", file));
  }

  private static long readSeconds(Map<String, Object> map, String name, Path file) {
    if (map.get(name) instanceof Number number) {
      return number.longValue();
    }
    throw new InvalidInputException(
        file + " says no number of seconds as " + name + "; restore it from a copy");
  }
}
