package dev.likeness.cli.inspect;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.internal.file.Quoted;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The result of an inspection.
 *
 * @param path the inspected file or folder
 * @param kind image, base, lora, ip-adapter, textual-inversion, controlnet, vae, unet,
 *     text-encoder, image-encoder, or unknown
 * @param family the family that the file belongs to or fits: sd1, sd2, sdxl, sdxl-refiner, sd3,
 *     flux, flux2, z-image, chroma, qwen-image, cascade, or unknown. If the headers fit several
 *     families, this is the first family in the list {@value #FAMILIES} of the details
 * @param format diffusers, single-file, safetensors, pickle, gguf, onnx, or unknown
 * @param parameters the number of values in all tensors
 * @param dtypes the number of values of each dtype
 * @param details further facts of the headers, in the order of reading
 * @param problems reasons why the file cannot be used; empty if there are none
 */
public record CheckpointInspection(
    Path path,
    String kind,
    String family,
    String format,
    long parameters,
    Map<String, Long> dtypes,
    Map<String, Object> details,
    List<String> problems) {
  /** The detail that lists all families that a file may be for, if there are several. */
  static final String FAMILIES = "families";

  /** The detail that holds what a file says of itself, which nobody vouches for. */
  static final String METADATA = "metadata";

  public CheckpointInspection {
    dtypes = new LinkedHashMap<>(dtypes);
    details = new LinkedHashMap<>(details);
    problems = List.copyOf(problems);
  }

  /** Returns the result for a path without usable content. */
  static CheckpointInspection unusable(Path path, String format, String problem) {
    return new CheckpointInspection(
        path, "unknown", "unknown", format, 0, Map.of(), Map.of(), List.of(problem));
  }

  /** Returns the result as one JSON object, with control and format characters escaped. */
  public String toJson() {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("path", path.toString());
    object.put("kind", kind);
    object.put("family", family);
    object.put("format", format);
    object.put("parameters", parameters);
    object.put("dtypes", dtypes);
    object.putAll(details);
    object.put("problems", problems);
    try {
      return Quoted.inJson(JSON.std.with(JSON.Feature.WRITE_NULL_PROPERTIES).asString(object));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the result as text, one fact per line, with the metadata of a file in quotes. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    line(text, "path", path);
    line(text, "kind", kind);
    line(text, "format", format);
    if (!kind.equals(Inspector.ImageInspection.KIND)) {
      line(
          text,
          "family",
          details.get(FAMILIES) instanceof List<?> several
              ? several.stream().map(String::valueOf).collect(Collectors.joining(" or "))
              : family);
      line(text, "parameters", String.format(Locale.ROOT, "%,d", parameters));
      line(text, "dtypes", String.join(", ", dtypes.keySet()));
    }
    details.forEach((name, value) -> {
      if (!name.equals(FAMILIES)) {
        line(text, name, value instanceof Map<?, ?> map ? join(map, name.equals(METADATA)) : value);
      }
    });
    problems.forEach(problem -> line(text, "problem", problem));
    return text.toString().stripTrailing();
  }

  private static String join(Map<?, ?> map, boolean fromFile) {
    return String.join(
        ", ",
        map.entrySet().stream()
            .filter(e -> !(e.getValue() instanceof List))
            .map(e -> fromFile
                ? Quoted.of(String.valueOf(e.getKey())) + " "
                    + Quoted.of(String.valueOf(e.getValue()))
                : e.getKey() + " " + e.getValue())
            .toList());
  }

  private static void line(StringBuilder text, String name, Object value) {
    String line = String.format(Locale.ROOT, "%-12s %s", name, value);
    text.append(Quoted.line(line).stripTrailing()).append(System.lineSeparator());
  }
}
