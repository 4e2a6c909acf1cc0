package dev.likeness.portrait.training;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Every number of a run of {@link TrainParts} that its commit does not fix, and which stages it is
 * to run.
 *
 * @param stages names of {@link #STAGES}
 * @param values by name
 * @param start the adapter to go on from, or null to begin from nothing; not a number, and not told
 *     with them
 * @param eyes a classifier of {@link TrainAttributes}, not the one that evaluates, by whose eyes
 *     the decoder learns, or null for the model's captioner; not told either
 */
record PartNumbers(Set<String> stages, Map<String, Integer> values, Path start, Path eyes) {
  static final List<String> STAGES =
      List.of("image-encoder", "image-adapter", "adapter", "decoder", "preview", "few-step");
  private static final String RELEASED = "image-encoder,image-adapter,adapter,preview,few-step";

  private static final Map<String, Integer> USUAL = usual();

  private static Map<String, Integer> usual() {
    Map<String, Integer> usual = new LinkedHashMap<>();
    usual.put("seed", 1);
    usual.put("people", 3500);
    usual.put("encoderSteps", 4000);
    usual.put("encoderBatch", 32);
    usual.put("eyeSteps", 2500);
    usual.put("adapterSteps", 5000);
    usual.put("adapterBatch", 16);
    usual.put("decoderPictures", 4000);
    usual.put("decoderSteps", 4000);
    usual.put("previewPictures", 2000);
    usual.put("previewSteps", 3000);
    usual.put("fewStepPictures", 2000);
    usual.put("fewStepSteps", 1000);
    usual.put("fewStepBatch", 8);
    usual.put("guidance", 4);
    return usual;
  }

  /**
   * Reads {@code name=value} pairs, {@code stages=a,b} among them; what is not said has its
   * default.
   */
  static PartNumbers of(List<String> pairs) {
    List<String> known = new ArrayList<>(names());
    known.addAll(List.of("stages", "start", "eyes"));
    Named named = Named.of(pairs, known);
    Set<String> stages = Set.of(named.text("stages", RELEASED).split(","));
    if (!STAGES.containsAll(stages)) {
      throw new IllegalArgumentException(
          "stages=" + String.join(",", stages) + "; known stages: " + String.join(",", STAGES));
    }
    Map<String, Integer> values = new LinkedHashMap<>();
    USUAL.forEach((name, usual) -> values.put(name, named.number(name, usual)));
    return new PartNumbers(
        stages, values, named.file("start").orElse(null), named.file("eyes").orElse(null));
  }

  static List<String> names() {
    return List.copyOf(USUAL.keySet());
  }

  int of(String name) {
    return values.get(name);
  }

  @Override
  public String toString() {
    return values.entrySet().stream().map(Object::toString).collect(Collectors.joining(" "));
  }
}
