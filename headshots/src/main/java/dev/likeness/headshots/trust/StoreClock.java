package dev.likeness.headshots.trust;

import dev.likeness.diffusion.error.MachineLimit;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The store's own time: the seconds that the machine's clock was seen to move forward, kept in a file. When that clock
 * is set back, this one goes on from where it is, so that what was due stays due. Safe for threads.
 */
final class StoreClock {
  private static final String ELAPSED = "elapsed_seconds";
  private static final String SEEN = "machine_clock";

  private final Path file;
  private final Clock machine;
  private long elapsed;
  private long seen;

  StoreClock(Path file, Clock machine) {
    this.file = file;
    this.machine = machine;
    seen = machine.instant().getEpochSecond();
    if (Files.exists(file)) {
      Map<?, ?> saved = JsonFile.read(file);
      elapsed = ((Number) saved.get(ELAPSED)).longValue();
      seen = ((Number) saved.get(SEEN)).longValue();
    }
    now();
    try {
      save();
    } catch (MachineLimit full) {
      // A disk without room must not keep anybody from being erased; the time goes on from what was kept last.
    }
  }

  /** The time now. */
  synchronized long now() {
    long reading = machine.instant().getEpochSecond();
    elapsed += Math.max(0, reading - seen);
    seen = reading;
    return elapsed;
  }

  /** Keeps the time for the next process. */
  synchronized void save() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put(ELAPSED, now());
    map.put(SEEN, seen);
    JsonFile.write(file, map);
  }
}
