package dev.likeness.schedulers;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** The options of one scheduler class, read with the type that each must have. */
public final class Options {
  private final String className;
  private final Map<String, Object> values;

  /**
   * Options of a class.
   *
   * @param owner the class's name, for messages
   * @param values by option name; values as JSON has them, null where an option is off
   */
  public Options(String owner, Map<String, ?> values) {
    this.className = owner;
    this.values = Collections.unmodifiableMap(new TreeMap<>(values));
  }

  /**
   * These options with the values that {@code given} has for them; what is not an option here is
   * left out.
   */
  public Options with(Map<String, ?> given) {
    var merged = new TreeMap<>(values);
    merged.keySet().stream()
        .filter(given::containsKey)
        .forEach(name -> merged.put(name, given.get(name)));
    return new Options(className, merged);
  }

  /** The names of the options. */
  public Set<String> names() {
    return values.keySet();
  }

  /** The class that these options belong to. */
  public String className() {
    return className;
  }

  /** Whether the class has this option. */
  public boolean has(String name) {
    return values.containsKey(name);
  }

  /** Whether the option exists and is set to something. */
  public boolean isSet(String name) {
    return values.get(name) != null;
  }

  /** A whole number. */
  public int integer(String name) {
    double number = number(name);
    if (number != Math.rint(number)) {
      throw invalidOption(name, "a whole number");
    }
    return (int) number;
  }

  /** A number; JSON has no infinity, so {@code "-Infinity"} and the like are taken as text too. */
  public double number(String name) {
    Object value = values.get(name);
    if (value instanceof Number number) {
      return number.doubleValue();
    }
    if (value instanceof String text && text.matches("[-+]?(inf|Infinity)")) {
      return text.startsWith("-") ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
    }
    throw invalidOption(name, "a number");
  }

  /** A number, or another where the option is absent or null. */
  public double number(String name, double otherwise) {
    return isSet(name) ? number(name) : otherwise;
  }

  /** A switch; off where the class has no such option. */
  public boolean flag(String name) {
    Object value = values.get(name);
    if (value == null) {
      return false;
    }
    if (value instanceof Boolean flag) {
      return flag;
    }
    throw invalidOption(name, "true or false");
  }

  /** A word. */
  public String text(String name) {
    if (values.get(name) instanceof String text) {
      return text;
    }
    throw invalidOption(name, "a word");
  }

  /** One word of these; any other is refused with the list. */
  public String oneOf(String name, String... known) {
    String text = text(name);
    if (!Arrays.asList(known).contains(text)) {
      throw invalidOption(name, "one of " + String.join(", ", known));
    }
    return text;
  }

  /** A list of numbers; empty where the option is absent or null. */
  public double[] numbers(String name) {
    Object value = values.get(name);
    if (value == null) {
      return new double[0];
    }
    if (value instanceof double[] numbers) {
      return numbers.clone();
    }
    if (value instanceof List<?> list && list.stream().allMatch(Number.class::isInstance)) {
      return list.stream().mapToDouble(item -> ((Number) item).doubleValue()).toArray();
    }
    throw invalidOption(name, "a list of numbers");
  }

  private IllegalArgumentException invalidOption(String name, String expected) {
    return new IllegalArgumentException(
        className + " needs " + name + " to be " + expected + ", got " + values.get(name));
  }

  @Override
  public String toString() {
    return className + values;
  }
}
