package dev.likeness.headshots.trust;

import dev.likeness.diffusion.error.UnusableInput;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * When what happened, in seconds of the store's own time; see {@link StoreClock}.
 *
 * @param created when the subject came into the store
 * @param purposeMet when the person was learnt, or -1
 * @param lastUse when anything of theirs was last used or renewed
 */
record SubjectDates(long created, long purposeMet, long lastUse) {
  private static final long NEVER = -1;

  static SubjectDates created(long now) {
    return new SubjectDates(now, NEVER, now);
  }

  SubjectDates used(long now) {
    return new SubjectDates(created, purposeMet, Math.max(lastUse, now));
  }

  SubjectDates learnt(long now) {
    return new SubjectDates(created, now, Math.max(lastUse, now));
  }

  /** New photos serve a new purpose, which is not met yet. */
  SubjectDates photosCame(long now) {
    return new SubjectDates(created, NEVER, Math.max(lastUse, now));
  }

  Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("created", created);
    map.put("purpose_met", purposeMet);
    map.put("last_use", lastUse);
    return map;
  }

  /**
   * Reads them.
   *
   * @throws UnusableInput when the file holds none
   */
  static SubjectDates read(Path file) {
    Map<String, Object> map = JsonFile.read(file);
    return new SubjectDates(seconds(map, "created", file), seconds(map, "purpose_met", file), seconds(map, "last_use", file));
  }

  private static long seconds(Map<String, Object> map, String name, Path file) {
    if (map.get(name) instanceof Number number) {
      return number.longValue();
    }
    throw new UnusableInput(file + " says no number of seconds as " + name + "; restore it from a copy");
  }
}
