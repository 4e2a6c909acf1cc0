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
 * The store's own time: the seconds that the machine's clock was seen to move forward, kept in a
 * file. When that clock is set back, this one goes on from where it is, so that what was due stays
 * due. When it then comes to where it was, as one that begins in 2020 at each start of the machine
 * until it is set, what counts is how far it goes beyond, not all the way from there: that would
 * make everybody years older. Safe for threads.
 */
final class StoreClock {
  private static final String ELAPSED = "elapsed_seconds";
  private static final String SEEN = "machine_clock";
  private static final String SET_BACK = "set_back_from";
  // Only a clock that is set back again and again while it is behind comes to so many: the file
  // must not grow without end.
  private static final int MAX_SET_BACKS = 32;

  /** What the machine's clock showed, and what the store's own time was then. */
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
  /** From where the clock was set back and has not come to again, the lowest first. */
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
      // A disk without room must not keep anybody from being erased; the time goes on from what was
      // kept last.
    }
  }

  /** The time now. */
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

  /** Keeps the time for the next process. */
  synchronized void save() {
    now();
    Map<String, Object> map = last.toMap();
    List<Map<String, Object>> readings = new ArrayList<>();
    setBackReadings.forEach(reading -> readings.add(reading.toMap()));
    map.put(SET_BACK, readings);
    JsonFile.write(file, map);
  }
}
