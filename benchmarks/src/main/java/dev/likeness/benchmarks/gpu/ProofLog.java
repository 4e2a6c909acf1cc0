package dev.likeness.benchmarks.gpu;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * A file with one JSON object a line. Each line is on disk before the next check begins, so a
 * killed process leaves all that it found. Thread-safe.
 */
final class ProofLog {
  /** What a line says. */
  enum State {
    BEGUN,
    FOUND,
    DONE,
    FAILED,
    LIMIT,
    SKIPPED,
    ENDED
  }

  private final Path file;
  private final String side;
  private final long start = System.nanoTime();

  /**
   * Creates a log that appends to {@code file}.
   *
   * @param side the program that writes, such as {@code likeness}
   */
  ProofLog(Path file, String side) {
    this.file = file;
    this.side = side;
  }

  /** Writes a measured number. */
  void found(String name, double value, String unit) {
    write(name, State.FOUND, Map.of("value", value, "unit", unit));
  }

  /** Writes a fact as text. */
  void found(String name, String text) {
    write(name, State.FOUND, Map.of("text", text));
  }

  /** Writes a line with more fields. */
  synchronized void write(String name, State state, Map<String, ?> fields) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("name", name);
    line.put("side", side);
    line.put("state", state.name().toLowerCase(Locale.ROOT));
    line.putAll(fields);
    line.put("at", Math.round((System.nanoTime() - start) / 1e7) / 100.0);
    try {
      Files.writeString(
          file,
          JSON.std.asString(line) + "\n",
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND,
          StandardOpenOption.DSYNC);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Names of the items that began in an earlier process; those must not run again. */
  Set<String> begun() {
    return names(State.BEGUN);
  }

  /** Writes that items which began in an earlier process never finished. */
  void closeInterrupted() {
    Set<String> open = names(State.BEGUN);
    for (State end : List.of(State.DONE, State.FAILED, State.LIMIT, State.SKIPPED, State.ENDED)) {
      open.removeAll(names(end));
    }
    open.forEach(name ->
        write(name, State.ENDED, Map.of("text", "the process ended in the middle of this item")));
  }

  private Set<String> names(State state) {
    Set<String> names = new HashSet<>();
    try {
      for (String line : Files.exists(file) ? Files.readAllLines(file) : List.<String>of()) {
        Map<String, Object> fields = read(line);
        if (side.equals(fields.get("side"))
            && state.name().toLowerCase(Locale.ROOT).equals(fields.get("state"))) {
          names.add((String) fields.get("name"));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return names;
  }

  private static Map<String, Object> read(String line) {
    try {
      return JSON.std.mapFrom(line);
    } catch (IOException cutOff) {
      return Map.of();
    }
  }
}
