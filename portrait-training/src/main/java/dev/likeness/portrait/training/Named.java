package dev.likeness.portrait.training;

import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The {@code NAME=VALUE} arguments of a program, in their order. */
public record Named(Map<String, String> values) {
  /** Reads {@code pairs}, whose names must all be of {@code known}; the last value of a name counts. */
  public static Named of(List<String> pairs, Collection<String> known) {
    Map<String, String> values = new LinkedHashMap<>();
    for (String pair : pairs) {
      String[] parts = pair.split("=", 2);
      if (parts.length < 2 || !known.contains(parts[0])) {
        throw new IllegalArgumentException(pair + " is unknown; known names, each with =VALUE: " + String.join(", ", known));
      }
      values.put(parts[0], parts[1]);
    }
    return new Named(values);
  }

  public String text(String name, String otherwise) {
    return values.getOrDefault(name, otherwise);
  }

  public int number(String name, int otherwise) {
    return Integer.parseInt(text(name, String.valueOf(otherwise)));
  }

  /** Those between commas. */
  public List<Path> files(String name) {
    return values.containsKey(name) ? Stream.of(values.get(name).split(",")).map(Path::of).toList() : List.of();
  }

  public Optional<Path> file(String name) {
    return Optional.ofNullable(values.get(name)).map(Path::of);
  }
}
