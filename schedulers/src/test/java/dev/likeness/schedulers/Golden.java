package dev.likeness.schedulers;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.zip.GZIPInputStream;

/** Reads what {@code tools/goldens/schedulers*.py} wrote. */
public final class Golden {
  private static final Map<String, Map<String, Object>> FILES = new ConcurrentHashMap<>();

  private Golden() {}

  /** The JSON object of a gzipped resource under {@code /golden}; each is read once. */
  public static Map<String, Object> read(String path) {
    return FILES.computeIfAbsent(path, Golden::parsed);
  }

  private static Map<String, Object> parsed(String path) {
    try (var in = new GZIPInputStream(Golden.class.getResourceAsStream("/golden/" + path))) {
      return JSON.std.mapFrom(in);
    } catch (IOException e) {
      throw new UncheckedIOException("golden file " + path + " cannot be read", e);
    }
  }

  /** A list of objects. */
  @SuppressWarnings("unchecked")
  public static List<Map<String, Object>> objects(Object value) {
    return (List<Map<String, Object>>) value;
  }

  /** An object; an empty one where there is none. */
  @SuppressWarnings("unchecked")
  public static Map<String, Object> object(Object value) {
    return value == null ? Map.of() : (Map<String, Object>) value;
  }

  /** A list of numbers. */
  public static double[] numbers(Object value) {
    return ((List<?>) value)
        .stream().mapToDouble(each -> ((Number) each).doubleValue()).toArray();
  }

  /** A list of lists of numbers. */
  public static List<double[]> rows(Object value) {
    return ((List<?>) value).stream().map(Golden::numbers).toList();
  }
}
