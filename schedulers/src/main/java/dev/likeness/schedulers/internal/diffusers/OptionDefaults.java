package dev.likeness.schedulers.internal.diffusers;

import dev.likeness.schedulers.Options;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The options of every class of diffusers 0.42.1 with their defaults, read from
 * {@code defaults.txt}, which {@code tools/goldens/schedulers_defaults.py} writes from the classes
 * themselves, and what they read of a config beside: diffusers keeps what a class does not declare,
 * such as options of the class that it was switched from.
 */
final class OptionDefaults {
  private static final Set<String> OF_FLOW_LADDERS = Set.of(
      "shift",
      "use_dynamic_shifting",
      "time_shift_type",
      "shift_terminal",
      "use_karras_sigmas",
      "use_exponential_sigmas",
      "use_beta_sigmas",
      "sigma_min",
      "sigma_max",
      "invert_sigmas");
  private static final Map<String, Map<String, Object>> BY_CLASS = read();

  private OptionDefaults() {}

  static Options of(String className) {
    return new Options(className, BY_CLASS.get(className));
  }

  private static Map<String, Map<String, Object>> read() {
    Map<String, Map<String, Object>> byClass = new TreeMap<>();
    try (var lines = new BufferedReader(new InputStreamReader(
        OptionDefaults.class.getResourceAsStream("defaults.txt"), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (!line.startsWith("#")) {
          String[] words = line.split(" ", 3);
          byClass.computeIfAbsent(words[0], name -> new HashMap<>()).put(words[1], value(words[2]));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("defaults.txt of the schedulers cannot be read", e);
    }
    addUndeclared(byClass);
    return Collections.unmodifiableMap(byClass);
  }

  private static void addUndeclared(Map<String, Map<String, Object>> byClass) {
    byClass.values().stream()
        .filter(options -> options.containsKey("use_karras_sigmas"))
        .forEach(options -> {
          options.putIfAbsent("sigma_min", null);
          options.putIfAbsent("sigma_max", null);
        });
    Map<String, Object> ladder = new HashMap<>(byClass.get("FlowMatchEulerDiscreteScheduler"));
    ladder.keySet().retainAll(OF_FLOW_LADDERS);
    byClass.get("LTXEulerAncestralRFScheduler").putAll(ladder);
  }

  private static Object value(String text) {
    return switch (text) {
      case "null" -> null;
      case "true" -> true;
      case "false" -> false;
      case "[]" -> List.of();
      default ->
        text.startsWith("\"")
            ? text.substring(1, text.length() - 1)
            : (Object) Double.valueOf(text);
    };
  }
}
