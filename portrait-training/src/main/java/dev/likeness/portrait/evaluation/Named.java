package dev.likeness.portrait.evaluation;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** The {@code NAME=VALUE} arguments of a program. */
record Named(Map<String, String> values) {
  /** Names of the judges' files, which {@link EvaluationTools#of} opens. */
  static final Set<String> JUDGES = Set.of("detector", "embedder", "attributes");

  /** Reads the arguments from place {@code from} on; {@code numbers} and {@link #JUDGES} are known. */
  static Named of(String[] args, int from, Set<String> numbers) {
    Set<String> known = new TreeSet<>(JUDGES);
    known.addAll(numbers);
    Map<String, String> values = new LinkedHashMap<>();
    Stream.of(args).skip(from).map(arg -> arg.split("=", 2)).forEach(pair -> {
      if (pair.length < 2 || !known.contains(pair[0])) {
        throw new IllegalArgumentException(String.join("=", pair) + " is unknown; known names: " + known);
      }
      values.put(pair[0], pair[1]);
    });
    return new Named(values);
  }

  int number(String name, int otherwise) {
    return Integer.parseInt(values.getOrDefault(name, String.valueOf(otherwise)));
  }

  Optional<Path> file(String name) {
    return Optional.ofNullable(values.get(name)).map(Path::of);
  }
}
