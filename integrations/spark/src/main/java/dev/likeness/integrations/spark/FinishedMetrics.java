package dev.likeness.integrations.spark;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.error.InvalidInputException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The part of a finished person's {@code metrics.json} that later jobs read.
 *
 * @param bytes the sizes of the files by name
 * @param reasons the warnings
 * @param likeness the mean cosine of the headshots with the photos; NaN if it was not measured
 * @param seconds the seconds of the work
 */
record FinishedMetrics(
    Map<String, Long> bytes, List<String> reasons, double likeness, double seconds) {
  private static final String CONTENT = "the content";
  private static final String FILES = "files";
  private static final String REASONS = "reasons";
  private static final String LIKENESS = "likeness";
  private static final String SECONDS = "seconds_total";

  /**
   * Reads the file.
   *
   * @param folder the name of the finished folder, for messages
   * @throws InvalidInputException if the file is no JSON object, or a value is missing or wrong
   */
  static FinishedMetrics parse(byte[] json, String folder) {
    Map<?, ?> content;
    try {
      content = object(JSON.std.anyFrom(json), CONTENT, folder);
    } catch (IOException e) {
      throw damaged(CONTENT, folder);
    }
    Map<String, Long> bytes = new LinkedHashMap<>();
    object(content.get(FILES), FILES, folder).forEach((name, file) -> {
      Object size = object(file, FILES, folder).get("bytes");
      // A name with a slash could name a file of another person.
      if (!String.valueOf(name).matches("[A-Za-z0-9_-][A-Za-z0-9._-]*")
          || !(size instanceof Number number)
          || number.longValue() < 0) {
        throw damaged(FILES, folder);
      }
      bytes.put((String) name, number.longValue());
    });
    if (!(content.get(REASONS) instanceof List<?> given)) {
      throw damaged(REASONS, folder);
    }
    List<String> reasons = new ArrayList<>();
    for (Object reason : given) {
      if (!(reason instanceof String text)) {
        throw damaged(REASONS, folder);
      }
      reasons.add(text);
    }
    Object likeness = content.get(LIKENESS);
    if (likeness != null && !(likeness instanceof Number)) {
      throw damaged(LIKENESS, folder);
    }
    if (!(content.get(SECONDS) instanceof Number seconds)) {
      throw damaged(SECONDS, folder);
    }
    return new FinishedMetrics(
        bytes,
        reasons,
        likeness instanceof Number number ? number.doubleValue() : Double.NaN,
        seconds.doubleValue());
  }

  private static Map<?, ?> object(Object value, String name, String folder) {
    if (value instanceof Map<?, ?> object) {
      return object;
    }
    throw damaged(name, folder);
  }

  private static InvalidInputException damaged(String what, String folder) {
    return new InvalidInputException("metrics.json in the folder " + folder
        + " of this person is damaged: " + what + " cannot be read; delete this folder and run the"
        + " job again, or erase the person");
  }
}
