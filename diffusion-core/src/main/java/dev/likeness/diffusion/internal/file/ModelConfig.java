package dev.likeness.diffusion.internal.file;

import dev.likeness.diffusion.error.InvalidInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * A {@code config.json}. Reads typed options with defaults, and refuses options that are not
 * supported, by name.
 */
public final class ModelConfig {
  private static final int MAX_LEVELS = 16;
  /**
   * Options that change no image: those of diffusers' {@code EMAModel} in the config of a network
   * with averaged weights, and the settings of a quantisation, which the tensors themselves show.
   */
  private static final Set<String> IGNORED_OPTIONS = Set.of(
      "quantization_config",
      "decay",
      "inv_gamma",
      "min_decay",
      "optimization_step",
      "power",
      "update_after_step",
      "use_ema_warmup");

  /**
   * The largest whole number of an option. The largest vocabularies have a few hundred thousand.
   */
  private static final int LARGEST = 1 << 24;

  private final Map<String, Object> values;
  private final String source;
  private final Set<String> read = new HashSet<>();

  private ModelConfig(Map<String, Object> values, String source) {
    this.values = values;
    this.source = source;
  }

  /**
   * Reads a JSON object from {@code file}, a file of a model's folder.
   *
   * @throws InvalidInputException if it is missing, breaks the rule of {@link ModelFile}, has more
   *     than 16 MiB, or is no JSON object
   */
  public static ModelConfig read(Path file) {
    if (!ModelFile.exists(file)) {
      throw new InvalidInputException(
          file + " is missing from the diffusers model; download its folder again");
    }
    byte[] text = ModelFile.read(file, ModelFile.LARGEST_CONFIG);
    return new ModelConfig(
        ModelFile.object(new String(text, StandardCharsets.UTF_8), file.toString()),
        file.toString());
  }

  /** Returns a config from memory; {@code where} names it in errors. */
  public static ModelConfig of(Map<String, Object> values, String where) {
    return new ModelConfig(values, where);
  }

  /** Returns all options. */
  public Map<String, Object> values() {
    return Collections.unmodifiableMap(values);
  }

  /** Returns the name of this config in error messages. */
  public String source() {
    return source;
  }

  /** Returns true if the option is present and not null. */
  public boolean has(String name) {
    return values.get(name) != null;
  }

  /** Returns true if the option is present and null. For some options this differs from absent. */
  public boolean isNull(String name) {
    return values.containsKey(name) && values.get(name) == null;
  }

  /** Returns a size, count or id: a whole number from 0 to {@value #LARGEST}. */
  public int integer(String name, int fallback) {
    Object value = value(name);
    return value == null ? fallback : whole(name, value);
  }

  /** Returns a whole number from 0 to {@code largest}. */
  public int integer(String name, int fallback, int largest) {
    int number = integer(name, fallback);
    if (number > largest) {
      throw wrong(name, number, "a whole number from 0 to " + largest);
    }
    return number;
  }

  /** Returns a divisor, such as a number of heads or groups: a whole number from 1. */
  public int positive(String name, int fallback) {
    int number = integer(name, fallback);
    if (number < 1) {
      throw wrong(name, number, "a whole number of at least 1");
    }
    return number;
  }

  /** Returns a finite number. */
  public double number(String name, double fallback) {
    Object value = value(name);
    if (value == null) {
      return fallback;
    }
    if (value instanceof Number n && Double.isFinite(n.doubleValue())) {
      return n.doubleValue();
    }
    throw wrong(name, value, "a number");
  }

  /** Returns a small number that a layer adds to a divisor. */
  public double epsilon(String name, double fallback) {
    double number = number(name, fallback);
    if (number < 0 || number > 1) {
      throw wrong(name, number, "a number from 0 to 1");
    }
    return number;
  }

  /** Returns a factor by which something is also divided. */
  public double nonZero(String name, double fallback) {
    double number = number(name, fallback);
    if (number == 0) {
      throw wrong(name, number, "a number other than 0");
    }
    return number;
  }

  /**
   * Checks sizes that are split into equal parts.
   *
   * @param name the option of the sizes, at least one
   * @param parts the number of parts, at least 1
   * @param by the option of the number of parts
   */
  public void requireDivided(String name, List<Integer> sizes, int parts, String by) {
    if (sizes.isEmpty() || sizes.stream().anyMatch(size -> size < 1 || size % parts != 0)) {
      throw wrong(name, sizes, "multiples of " + Quoted.of(by) + " (" + parts + ")");
    }
  }

  private int whole(String name, Object value) {
    double number = value instanceof Number n ? n.doubleValue() : Double.NaN;
    if (number >= 0 && number <= LARGEST && number == Math.rint(number)) {
      return (int) number;
    }
    throw wrong(name, value, "a whole number from 0 to " + LARGEST);
  }

  public boolean flag(String name, boolean fallback) {
    Object value = value(name);
    if (value == null) {
      return fallback;
    }
    if (value instanceof Boolean b) {
      return b;
    }
    throw wrong(name, value, "true or false");
  }

  /**
   * Refuses a config with another {@code _class_name}.
   *
   * @param advice advice for the user, such as "give a folder that ..."
   */
  public void requireClass(String expected, String advice) {
    String found = text("_class_name", "");
    if (!found.equals(expected)) {
      throw new InvalidInputException(source() + ": _class_name is " + Quoted.of(found)
          + ", expected \"" + expected + "\"; " + advice);
    }
  }

  public String text(String name, String fallback) {
    Object value = value(name);
    if (value == null) {
      return fallback;
    }
    if (value instanceof String s) {
      return s;
    }
    throw wrong(name, value, "a string");
  }

  /** Returns a list of integers; null if the option is absent. */
  public List<Integer> integers(String name) {
    Object value = value(name);
    if (value == null) {
      return null;
    }
    if (value instanceof List<?> list && list.stream().allMatch(Number.class::isInstance)) {
      return list.stream().map(n -> whole(name, n)).toList();
    }
    throw wrong(name, value, "a list of whole numbers");
  }

  /** Returns one number, at least 1, for each level of a network. */
  public List<Integer> levels(String name, List<Integer> fallback) {
    List<Integer> list = integers(name);
    if (list != null
        && (list.isEmpty() || list.size() > MAX_LEVELS || list.stream().anyMatch(n -> n < 1))) {
      throw wrong(name, list, "1 to " + MAX_LEVELS + " whole numbers from 1");
    }
    return list == null ? fallback : list;
  }

  /** Returns a list of numbers; null if the option is absent. */
  public List<Double> numbers(String name) {
    Object value = value(name);
    if (value == null) {
      return null;
    }
    if (value instanceof List<?> list
        && list.stream()
            .allMatch(n -> n instanceof Number each && Double.isFinite(each.doubleValue()))) {
      return list.stream().map(n -> ((Number) n).doubleValue()).toList();
    }
    throw wrong(name, value, "a list of numbers");
  }

  /** Returns a list of {@code count} integers; the config may give one number for all. */
  public List<Integer> integers(String name, int count, Integer fallback) {
    Object value = value(name);
    if (value == null && fallback != null || value instanceof Number) {
      return Collections.nCopies(count, value == null ? fallback : (Integer) whole(name, value));
    }
    List<Integer> list = integers(name);
    if (list == null || list.size() != count) {
      throw wrong(name, value, "a whole number or a list of " + count + " whole numbers");
    }
    return list;
  }

  /** Returns a list of {@code count} flags; the config may give one flag for all. */
  public List<Boolean> flags(String name, int count, boolean fallback) {
    Object value = value(name);
    if (value == null || value instanceof Boolean) {
      return Collections.nCopies(count, value == null ? fallback : (Boolean) value);
    }
    if (value instanceof List<?> list
        && list.size() == count
        && list.stream().allMatch(Boolean.class::isInstance)) {
      return list.stream().map(Boolean.class::cast).toList();
    }
    throw wrong(name, value, "true, false or a list of " + count + " such values");
  }

  /** Returns a list of strings; {@code fallback} if the option is absent. */
  public List<String> texts(String name, List<String> fallback) {
    Object value = value(name);
    if (value == null) {
      return fallback;
    }
    if (value instanceof List<?> list && list.stream().allMatch(String.class::isInstance)) {
      return list.stream().map(String.class::cast).toList();
    }
    throw wrong(name, value, "a list of strings");
  }

  /** Reads an option of which only one value is supported. */
  public void requireValue(String name, Object only) {
    Object value = value(name);
    boolean same = value instanceof Number a && only instanceof Number b
        ? a.doubleValue() == b.doubleValue()
        : Objects.equals(value, only);
    if (value != null && !same) {
      throw new InvalidInputException(source + ": option " + Quoted.of(name) + " is "
          + Quoted.value(value) + "; only " + only + " is supported");
    }
  }

  /**
   * Refuses all other options. Exempt are options that were read, are null or false, belong to
   * weight averaging, or begin with an underscore.
   */
  public void refuseOthers() {
    for (Map.Entry<String, Object> option : values.entrySet()) {
      boolean idle = option.getValue() == null || Boolean.FALSE.equals(option.getValue());
      if (!idle
          && !option.getKey().startsWith("_")
          && !read.contains(option.getKey())
          && !IGNORED_OPTIONS.contains(option.getKey())) {
        throw new InvalidInputException(
            source + ": option " + Quoted.of(option.getKey()) + " ("
                + Quoted.value(option.getValue())
                + ") is not supported; see docs/reference/checkpoint-formats.md for the supported options");
      }
    }
  }

  private Object value(String name) {
    read.add(name);
    return values.get(name);
  }

  /** The error that an option has another value than {@code expected}. */
  public InvalidInputException wrong(String name, Object value, String expected) {
    return new InvalidInputException(source + ": option " + Quoted.of(name) + " is "
        + Quoted.value(value) + ", expected " + expected
        + "; correct the file, or use the config that was published with the model");
  }
}
