package dev.likeness.vault;

import dev.likeness.diffusion.error.ResourceLimitException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The time of the store: the seconds by which the system clock was seen to move forward, saved in a
 * file. If the system clock is set back, this time continues, so that due data stays due. If the
 * system clock later returns to an earlier reading, only the time beyond that reading counts.
 * Otherwise a machine whose clock starts in 2020 at each boot would make all data years older.
 * Thread-safe.
 */
final class StoreClock {
  private static final String ELAPSED = "elapsed_seconds";
  private static final String SEEN = "machine_clock";
  private static final String SET_BACK = "set_back_from";
  // A limit, so that the file does not grow without end if the clock is set back again and again.
  private static final int MAX_SET_BACKS = 32;

  /** A reading of the system clock, and the store's time at that moment. */
  private record Reading(long systemSeconds, long elapsedSeconds) {
    Reading advancedTo(long later) {
      return new Reading(later, elapsedSeconds + later - systemSeconds);
    }

    static Reading of(Map<?, ?> saved) {
      return new Reading(
          ((Number) saved.get(SEEN)).longValue(), ((Number) saved.get(ELAPSED)).longValue());
    }

    Map<String, Object> toMap() {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put(ELAPSED, elapsedSeconds);
      map.put(SEEN, systemSeconds);
      return map;
    }
  }

  private final Path file;
  private final Clock systemClock;
  private Reading last;
  /** Readings from which the clock was set back and that it has not reached again, lowest first. */
  private final Deque<Reading> setBackReadings = new ArrayDeque<>();

  StoreClock(Path file, Clock machine) {
    this.file = file;
    this.systemClock = machine;
    last = new Reading(machine.instant().getEpochSecond(), 0);
    if (Files.exists(file)) {
      Map<?, ?> saved = JsonFile.read(file);
      last = Reading.of(saved);
      if (saved.get(SET_BACK) instanceof List<?> readings) {
        readings.forEach(reading -> setBackReadings.addLast(Reading.of((Map<?, ?>) reading)));
      }
    }
    now();
    try {
      save();
    } catch (ResourceLimitException full) {
      // A full disk must not prevent an erasure. The time continues from the last saved value.
    }
  }

  /** Returns the current time of the store, in seconds. */
  synchronized long now() {
    long shown = systemClock.instant().getEpochSecond();
    last = shown < last.systemSeconds ? setBackReadings(shown) : forward(shown);
    return last.elapsedSeconds;
  }

  private Reading setBackReadings(long shown) {
    if (setBackReadings.size() < MAX_SET_BACKS) {
      setBackReadings.push(last);
    }
    return new Reading(shown, last.elapsedSeconds);
  }

  private Reading forward(long shown) {
    Reading from = last;
    while (!setBackReadings.isEmpty() && setBackReadings.peek().systemSeconds <= shown) {
      from = setBackReadings.pop();
    }
    return new Reading(shown, Math.max(last.elapsedSeconds, from.advancedTo(shown).elapsedSeconds));
  }

  /** Saves the time for the next process. */
  synchronized void save() {
    now();
    Map<String, Object> map = last.toMap();
    List<Map<String, Object>> readings = new ArrayList<>();
    setBackReadings.forEach(reading -> readings.add(reading.toMap()));
    map.put(SET_BACK, readings);
    JsonFile.write(file, map);
  }
}
