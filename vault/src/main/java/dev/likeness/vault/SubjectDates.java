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
 * @param created when the subject came into the store
 * @param purposeMet when the photos that are there were learnt from, or -1
 * @param trainedAt when the person was last learnt, or -1
 * @param photosUse when photos came in or were worked on last, or everything renewed
 * @param lastUse when anything of theirs was last used or renewed
 */
record SubjectDates(long created, long purposeMet, long trainedAt, long photosUse, long lastUse) {
  private static final long NEVER = -1;

  static SubjectDates created(long now) {
    return new SubjectDates(now, NEVER, NEVER, now, now);
  }

  SubjectDates used(DataCategory holding, long now) {
    return new SubjectDates(
        created,
        purposeMet,
        trainedAt,
        isOfPhotos(holding) ? Math.max(photosUse, now) : photosUse,
        Math.max(lastUse, now));
  }

  SubjectDates renewed(long now) {
    return used(DataCategory.PERSON, now).used(DataCategory.PHOTOS, now);
  }

  SubjectDates trainedAt(long now) {
    return new SubjectDates(created, now, now, photosUse, Math.max(lastUse, now));
  }

  /** New photos serve a new purpose, which is not met yet. */
  SubjectDates photosCame(long now) {
    return new SubjectDates(
        created, NEVER, trainedAt, Math.max(photosUse, now), Math.max(lastUse, now));
  }

  /** When {@code holding} was last used. */
  long lastUse(DataCategory holding) {
    return isOfPhotos(holding) ? photosUse : lastUse;
  }

  /** When what {@code holding} is there for was done, or -1. */
  long purposeMet(DataCategory holding) {
    return isOfPhotos(holding) ? purposeMet : trainedAt;
  }

  static boolean isOfPhotos(DataCategory holding) {
    return holding == DataCategory.PHOTOS || holding == DataCategory.WORK;
  }

  /** How long before now each was; {@code trainedAt} is missing until then. */
  Map<String, Long> ages(long now) {
    Map<String, Long> ages = new LinkedHashMap<>();
    ages.put("created", now - created);
    if (trainedAt >= 0) {
      ages.put("learnt", now - trainedAt);
    }
    ages.put("used", now - lastUse);
    return ages;
  }

  Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("created", created);
    map.put("purpose_met", purposeMet);
    map.put("learnt", trainedAt);
    map.put("photos_use", photosUse);
    map.put("last_use", lastUse);
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
        seconds(map, "created", file),
        seconds(map, "purpose_met", file),
        seconds(map, "learnt", file),
        seconds(map, "photos_use", file),
        seconds(map, "last_use", file));
  }

  private static long seconds(Map<String, Object> map, String name, Path file) {
    if (map.get(name) instanceof Number number) {
      return number.longValue();
    }
    throw new InvalidInputException(
        file + " says no number of seconds as " + name + "; restore it from a copy");
  }
}
