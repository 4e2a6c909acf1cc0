package dev.likeness.diffusion.internal.file;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.io.UninterruptibleIo;
import java.io.IOException;
import java.nio.file.Files;
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
  // Python writes -Infinity, which JSON does not have; published scheduler configs contain it.
  private static final JSON PYTHON_JSON = JSON.builder(JsonFactory.builder()
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .build())
      .build();

  /** Options of diffusers' {@code EMAModel} in the config of a network with averaged weights. */
  private static final Set<String> EMA_OPTIONS = Set.of(
      "decay",
      "inv_gamma",
      "min_decay",
      "optimization_step",
      "power",
      "update_after_step",
      "use_ema_warmup");

  private final Map<String, Object> values;
  private final String source;
  private final Set<String> read = new HashSet<>();

  private ModelConfig(Map<String, Object> values, String where) {
    this.values = values;
    this.source = where;
  }

  /** Reads a JSON object from {@code file}. */
  public static ModelConfig read(Path file) {
    try {
      return new ModelConfig(
          PYTHON_JSON.mapFrom(UninterruptibleIo.read(file, Files::readAllBytes)), file.toString());
    } catch (java.nio.file.NoSuchFileException e) {
      throw new InvalidInputException(
          file + " is missing; the folder is not a complete diffusers model", e);
    } catch (IOException e) {
      throw new InvalidInputException(
          file + " is not a JSON object: "
              + Quoted.reason(e).lines().findFirst().orElse(""),
          e);
    }
  }

  /**
   * Parses a JSON object; Python's infinities are allowed.
   *
   * @throws IOException if the text is no JSON object
   */
  public static Map<String, Object> options(String json) throws IOException {
    return PYTHON_JSON.mapFrom(json);
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

  public int integer(String name, int fallback) {
    return (int) number(name, fallback);
  }

  public double number(String name, double fallback) {
    Object value = value(name);
    if (value == null) {
      return fallback;
    }
    if (value instanceof Number n) {
      return n.doubleValue();
    }
    throw wrong(name, value, "a number");
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
      throw new InvalidInputException(source() + ": _class_name is \"" + found + "\", expected \""
          + expected + "\"; " + advice);
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
    throw wrong(name, value, "a text");
  }

  /** Returns a list of integers; null if the option is absent. */
  public List<Integer> integers(String name) {
    Object value = value(name);
    if (value == null) {
      return null;
    }
    if (value instanceof List<?> list && list.stream().allMatch(Number.class::isInstance)) {
      return list.stream().map(n -> ((Number) n).intValue()).toList();
    }
    throw wrong(name, value, "a list of whole numbers");
  }

  /** Returns a list of numbers; null if the option is absent. */
  public List<Double> numbers(String name) {
    Object value = value(name);
    if (value == null) {
      return null;
    }
    if (value instanceof List<?> list && list.stream().allMatch(Number.class::isInstance)) {
      return list.stream().map(n -> ((Number) n).doubleValue()).toList();
    }
    throw wrong(name, value, "a list of numbers");
  }

  /** Returns a list of {@code count} integers; the config may give one number for all. */
  public List<Integer> integers(String name, int count, Integer fallback) {
    Object value = value(name);
    if (value == null && fallback != null || value instanceof Number) {
      return Collections.nCopies(
          count, value == null ? fallback : (Integer) ((Number) value).intValue());
    }
    List<Integer> list = integers(name);
    if (list == null || list.size() != count) {
      throw wrong(name, value, "a whole number or a list of " + count);
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
    throw wrong(name, value, "true, false or a list of " + count);
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
    throw wrong(name, value, "a list of texts");
  }

  /** Reads an option of which only one value is supported. */
  public void requireValue(String name, Object only) {
    Object value = value(name);
    boolean same = value instanceof Number a && only instanceof Number b
        ? a.doubleValue() == b.doubleValue()
        : Objects.equals(value, only);
    if (value != null && !same) {
      throw new InvalidInputException(
          source + ": option \"" + name + "\" is " + value + "; only " + only + " is supported");
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
          && !EMA_OPTIONS.contains(option.getKey())) {
        throw new InvalidInputException(
            source + ": option \"" + option.getKey() + "\" (" + option.getValue()
                + ") is not supported; see docs/reference/checkpoint-formats.md for the supported options");
      }
    }
  }

  private Object value(String name) {
    read.add(name);
    return values.get(name);
  }

  private InvalidInputException wrong(String name, Object value, String expected) {
    return new InvalidInputException(
        source + ": option \"" + name + "\" is " + value + ", expected " + expected);
  }
}
