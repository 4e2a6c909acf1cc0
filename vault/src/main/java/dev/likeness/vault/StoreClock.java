package dev.likeness.vault;

import dev.likeness.diffusion.error.InvalidInputException;
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
import java.util.function.LongSupplier;

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
  /** The longest time that a file may say: 30,000 years. */
  static final long MAX_SECONDS = 1_000_000_000_000L;
  // A limit, so that the file does not grow without end if the clock is set back again and again.
  private static final int MAX_SET_BACKS = 32;

  /** A reading of the system clock, and the store's time at that moment. */
  private record Reading(long systemSeconds, long elapsedSeconds) {
    Reading advancedTo(long later) {
      return new Reading(later, elapsedSeconds + later - systemSeconds);
    }

    static Reading of(Map<?, ?> saved, Path file) {
      return new Reading(
          JsonFile.number(saved, SEEN, -MAX_SECONDS, MAX_SECONDS, file),
          JsonFile.number(saved, ELAPSED, 0, MAX_SECONDS, file));
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

  private boolean isClosed;

  /**
   * Reads the time from its file. If the file is lost or damaged, the time goes on from
   * {@code latest}, so that no date of a subject lies ahead of it.
   *
   * @param latest gives the latest date of all subjects, or 0
   */
  StoreClock(Path file, Clock systemClock, LongSupplier latest) {
    this.file = file;
    this.systemClock = systemClock;
    try {
      read();
    } catch (InvalidInputException lost) {
      setBackReadings.clear();
      last = new Reading(systemClock.instant().getEpochSecond(), latest.getAsLong());
      if (Files.exists(file)) {
        JsonFile.setAside(file);
      }
    }
    now();
    try {
      save();
    } catch (ResourceLimitException full) {
      // A full disk must not prevent an erasure. The time continues from the last saved value.
    }
  }

  private void read() {
    Map<?, ?> saved = JsonFile.read(file);
    last = Reading.of(saved, file);
    if (saved.get(SET_BACK) instanceof List<?> readings) {
      for (Object reading : readings) {
        setBackReadings.addLast(Reading.of(
            reading instanceof Map<?, ?> map ? map : Map.of(), file));
      }
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

  /** Saves the time for the next process, for the last time. */
  synchronized void close() {
    save();
    isClosed = true;
  }

  /** Saves the time for the next process. Does nothing once closed: that process may be there. */
  synchronized void save() {
    if (isClosed) {
      return;
    }
    now();
    Map<String, Object> map = last.toMap();
    List<Map<String, Object>> readings = new ArrayList<>();
    setBackReadings.forEach(reading -> readings.add(reading.toMap()));
    map.put(SET_BACK, readings);
    JsonFile.write(file, map);
  }
}
