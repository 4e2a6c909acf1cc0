package dev.likeness.portrait.evaluation;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.io.AtomicFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * The results of an evaluation as a JSON file, written after each part, so that a part once
 * measured is kept.
 */
final class Ledger {
  private static final String SKIPPED = "skipped";
  private static final String JUDGE = "judged by";
  private static final int SHOWN = 200;

  private final Path file;
  private final Map<String, Object> parts;

  private Ledger(Path file, Map<String, Object> parts) {
    this.file = file;
    this.parts = parts;
  }

  /** The results so far in {@code file}, or none. */
  static Ledger open(Path file) {
    try {
      return new Ledger(
          file,
          Files.exists(file) ? JSON.std.mapFrom(Files.readAllBytes(file)) : new LinkedHashMap<>());
    } catch (IOException e) {
      throw new InvalidInputException(
          file + " is not the result of an evaluation; move it away: " + e.getMessage(), e);
    }
  }

  /** Says whose results these are, before any is measured; refuses those of somebody else. */
  void begin(String name, Map<String, Object> whose) {
    if (!parts.isEmpty() && !whose.equals(parts.get(name))) {
      throw new InvalidInputException(
          file + " holds figures of others: " + apart(parts.get(name), whose)
              + "; give an empty folder, or that model and those numbers to go on");
    }
    put(name, whose);
  }

  /** What differs, and how; a model's lineage is pages long, of which its beginning will do. */
  private static String apart(Object before, Map<String, Object> now) {
    Map<?, ?> had = before instanceof Map<?, ?> known ? known : Map.of();
    return now.entrySet().stream()
        .filter(one -> !one.getValue().equals(had.get(one.getKey())))
        .map(one ->
            one.getKey() + " " + shown(had.get(one.getKey())) + ", not " + shown(one.getValue()))
        .collect(Collectors.joining("; "));
  }

  private static String shown(Object value) {
    String text = String.valueOf(value);
    return text.length() > SHOWN ? text.substring(0, SHOWN) + ".." : text;
  }

  /**
   * As {@link #part(String, Supplier)}, of a judge who may come to a ledger later than others;
   * refuses what another one judged.
   */
  void part(String name, String judge, Supplier<Map<String, Object>> measure) {
    if (measured(name) && !judge.equals(((Map<?, ?>) parts.get(name)).get(JUDGE))) {
      throw new InvalidInputException(
          file + " holds what " + ((Map<?, ?>) parts.get(name)).get(JUDGE) + " found of " + name
              + ", not " + judge + "; give an empty folder, or that judge to go on");
    }
    part(name, () -> {
      Map<String, Object> judged = new LinkedHashMap<>(measure.get());
      judged.put(JUDGE, judge);
      return judged;
    });
  }

  /** Measures {@code name} where it was not before. */
  void part(String name, Supplier<Map<String, Object>> measure) {
    if (!measured(name)) {
      put(name, measure.get());
    }
  }

  /** Says why {@code name} is not measured this time, where it was not before. */
  void skip(String name, String why) {
    if (!measured(name)) {
      put(name, Map.of(SKIPPED, why));
    }
  }

  private boolean measured(String name) {
    return parts.get(name) instanceof Map<?, ?> part && !part.containsKey(SKIPPED);
  }

  private void put(String name, Map<String, Object> figures) {
    parts.put(name, figures);
    AtomicFile.write(
        file,
        out -> out.write(JSON.std
            .with(JSON.Feature.PRETTY_PRINT_OUTPUT)
            .asString(parts)
            .getBytes(StandardCharsets.UTF_8)));
  }

  /** Every part so far. */
  Map<String, Object> parts() {
    return Collections.unmodifiableMap(parts);
  }
}
