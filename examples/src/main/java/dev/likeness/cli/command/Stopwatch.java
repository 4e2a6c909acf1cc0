package dev.likeness.cli.command;

import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** How long the parts of some work take, one after the other. */
final class Stopwatch {
  private final Map<String, Duration> laps = new LinkedHashMap<>();
  private long last = System.nanoTime();

  /** Ends the part that began with the last lap, and names it. */
  void lap(String name) {
    long now = System.nanoTime();
    laps.put(name, Duration.ofNanos(now - last));
    last = now;
  }

  Map<String, Duration> laps() {
    return Collections.unmodifiableMap(laps);
  }
}
