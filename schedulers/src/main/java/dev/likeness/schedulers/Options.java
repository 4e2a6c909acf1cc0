package dev.likeness.schedulers;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The options of a scheduler class. Each accessor returns the value of an option as one type, and
 * throws an exception if the value has another type. Immutable.
 */
public final class Options {
  private final String className;
  private final Map<String, Object> values;

  /**
   * Creates the options of a scheduler class.
   *
   * @param className the name of the scheduler class, for error messages
   * @param values the value of each option by its name, of a type that JSON has; null turns the
   *     option off
   */
  public Options(String className, Map<String, ? extends @Nullable Object> values) {
    this.className = className;
    this.values = Collections.unmodifiableMap(new TreeMap<>(values));
  }

  /**
   * {@return a copy of these options with the given values} Names that are not options of the
   * scheduler class are ignored.
   *
   * @param given values by option name
   */
  public Options with(Map<String, ?> given) {
    var merged = new TreeMap<>(values);
    merged.keySet().stream()
        .filter(given::containsKey)
        .forEach(name -> merged.put(name, given.get(name)));
    return new Options(className, merged);
  }

  /** {@return the names of the options} */
  public Set<String> names() {
    return values.keySet();
  }

  /** {@return the name of the scheduler class that the options belong to} */
  public String className() {
    return className;
  }

  /**
   * {@return true if the scheduler class has the given option}
   *
   * @param name the option's name
   */
  public boolean has(String name) {
    return values.containsKey(name);
  }

  /**
   * {@return true if the scheduler class has the given option and the value of this option is not
   * null}
   *
   * @param name the option's name
   */
  public boolean isSet(String name) {
    return values.get(name) != null;
  }

  /**
   * {@return the value of an option as an integer}
   *
   * @param name the option's name
   * @throws IllegalArgumentException if the option is absent, or if the value is not an integer
   */
  public int integer(String name) {
    double number = number(name);
    if (number != (int) number) {
      throw invalidOption(name, "a whole number");
    }
    return (int) number;
  }

  /**
   * {@return the value of an option as a number} The texts {@code inf} and {@code Infinity}, with
   * or without sign, are accepted, because JSON has no infinity.
   *
   * @param name the option's name
   * @throws IllegalArgumentException if the option is absent, or if the value is not a number
   */
  public double number(String name) {
    Object value = values.get(name);
    if (value instanceof Number number && !Double.isNaN(number.doubleValue())) {
      return number.doubleValue();
    }
    if (value instanceof String text && text.matches("[-+]?(inf|Infinity)")) {
      return text.startsWith("-") ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
    }
    throw invalidOption(name, "a number");
  }

  /**
   * {@return the value of an option as a number, or a default if the option is absent or null}
   *
   * @param name the option's name
   * @param otherwise the default
   * @throws IllegalArgumentException if the value is not a number
   */
  public double number(String name, double otherwise) {
    return isSet(name) ? number(name) : otherwise;
  }

  /**
   * {@return the value of an option as a boolean; false if the option is absent or null}
   *
   * @param name the option's name
   * @throws IllegalArgumentException if the value is not a boolean
   */
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

  /**
   * {@return the value of an option as a text}
   *
   * @param name the option's name
   * @throws IllegalArgumentException if the option is absent, or if the value is not a text
   */
  public String text(String name) {
    if (values.get(name) instanceof String text) {
      return text;
    }
    throw invalidOption(name, "a text");
  }

  /**
   * {@return the value of an option as one of the given texts}
   *
   * @param name the option's name
   * @param known the texts that are allowed
   * @throws IllegalArgumentException if the option is absent, or if the value is none of these
   *     texts
   */
  public String oneOf(String name, String... known) {
    String text = text(name);
    if (!Arrays.asList(known).contains(text)) {
      throw invalidOption(name, "one of " + String.join(", ", known));
    }
    return text;
  }

  /**
   * {@return the value of an option as a list of numbers; empty if the option is absent or null}
   *
   * @param name the option's name
   * @throws IllegalArgumentException if the value is not a list of numbers
   */
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
    return new IllegalArgumentException("option \"" + name + "\" of " + className + " must be "
        + expected + ", got " + values.get(name));
  }

  @Override
  public String toString() {
    return className + values;
  }
}
