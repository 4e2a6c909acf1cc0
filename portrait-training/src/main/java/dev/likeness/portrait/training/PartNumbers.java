package dev.likeness.portrait.training;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Every number of a run of {@link TrainParts} that its commit does not fix, and which stages it is to run.
 *
 * @param stages names of {@link #STAGES}
 * @param values by name
 */
record PartNumbers(Set<String> stages, Map<String, Integer> values) {
  static final List<String> STAGES = List.of("image-encoder", "adapter", "preview", "few-step");

  private static final Map<String, Integer> USUAL = usual();

  private static Map<String, Integer> usual() {
    Map<String, Integer> usual = new LinkedHashMap<>();
    usual.put("seed", 1);
    usual.put("people", 2000);
    usual.put("encoderSteps", 4000);
    usual.put("encoderBatch", 24);
    usual.put("adapterSteps", 6000);
    usual.put("adapterBatch", 16);
    usual.put("previewPictures", 2000);
    usual.put("previewSteps", 3000);
    usual.put("fewStepPictures", 2000);
    usual.put("fewStepSteps", 2000);
    usual.put("fewStepBatch", 8);
    usual.put("guidance", 4);
    return usual;
  }

  /** Reads {@code name=value} pairs, {@code stages=a,b} among them; what is not said has its default. */
  static PartNumbers of(List<String> pairs) {
    Set<String> stages = new TreeSet<>(STAGES);
    Map<String, Integer> values = new LinkedHashMap<>(USUAL);
    for (String pair : pairs) {
      String[] parts = pair.split("=", 2);
      if (parts[0].equals("stages") && STAGES.containsAll(List.of(parts[1].split(",")))) {
        stages = Set.of(parts[1].split(","));
      } else if (parts.length == 2 && USUAL.containsKey(parts[0])) {
        values.put(parts[0], Integer.parseInt(parts[1]));
      } else {
        throw new IllegalArgumentException(pair + " is unknown; known: stages=" + String.join(",", STAGES) + " and "
            + USUAL.keySet());
      }
    }
    return new PartNumbers(stages, values);
  }

  int of(String name) {
    return values.get(name);
  }

  @Override
  public String toString() {
    return values.entrySet().stream().map(Object::toString).collect(Collectors.joining(" "));
  }
}
