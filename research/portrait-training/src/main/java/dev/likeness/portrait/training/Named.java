package dev.likeness.portrait.training;

import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/** The {@code NAME=VALUE} arguments of a program, in their order. */
public record Named(Map<String, String> values) {
  /**
   * Reads {@code pairs}, whose names must all be of {@code known}; the last value of a name counts.
   */
  public static Named of(List<String> pairs, Collection<String> known) {
    Map<String, String> values = new LinkedHashMap<>();
    for (String pair : pairs) {
      String[] parts = pair.split("=", 2);
      if (parts.length < 2 || !known.contains(parts[0])) {
        throw new IllegalArgumentException(
            pair + " is unknown; known names, each with =VALUE: " + String.join(", ", known));
      }
      values.put(parts[0], parts[1]);
    }
    return new Named(values);
  }

  public String text(String name, String otherwise) {
    return values.getOrDefault(name, otherwise);
  }

  /** A whole number. */
  public int number(String name, int otherwise) {
    return parsed(name, Integer.toString(otherwise), Integer::parseInt, "a whole number");
  }

  /** A whole number of any length that fits a long, a seed say. */
  public long seed(String name, String otherwise) {
    return parsed(name, otherwise, Long::parseLong, "a whole number");
  }

  /** A number. */
  public double real(String name, double otherwise) {
    return parsed(name, Double.toString(otherwise), Double::parseDouble, "a number");
  }

  private <T> T parsed(String name, String otherwise, Function<String, T> parse, String what) {
    String given = text(name, otherwise);
    try {
      return parse.apply(given);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(name + "=" + given + "; give " + what, e);
    }
  }

  /** Those between commas. */
  public List<Path> files(String name) {
    return values.containsKey(name)
        ? Stream.of(values.get(name).split(",")).map(Path::of).toList()
        : List.of();
  }

  public Optional<Path> file(String name) {
    return Optional.ofNullable(values.get(name)).map(Path::of);
  }
}
