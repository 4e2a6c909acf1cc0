package dev.likeness.schedulers;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * The form of a sampler for networks that were preconditioned as in EDM (Playground v2.5): one of
 * diffusers' two classes for them.
 */
final class EdmForm {
  private static final Map<String, String> CLASSES = Map.of(
      "EulerDiscreteScheduler",
      "EDMEulerScheduler",
      "DPMSolverMultistepScheduler",
      "EDMDPMSolverMultistepScheduler");
  /** Ladders that the classes have, by {@code sigma_schedule}. */
  private static final Set<String> SHAPES = Set.of("karras", "exponential");

  private EdmForm() {}

  /** Whether networks of this class's configs are such. */
  static boolean isFor(String className) {
    return CLASSES.containsValue(className);
  }

  /** The class that a class for such networks is the form of; any other is its own. */
  static String plain(String className) {
    return CLASSES.entrySet().stream()
        .filter(form -> form.getValue().equals(className))
        .map(Map.Entry::getKey)
        .findFirst()
        .orElse(className);
  }

  /**
   * The form of {@code sampler}, on the ladder that was asked for, else on the config's own.
   *
   * @throws IllegalArgumentException when there is none
   */
  static SamplerName of(SamplerName sampler) {
    String className = CLASSES.get(sampler.className());
    String shape = SamplerName.SHAPES.getOrDefault(sampler.ladder(), sampler.ladder());
    if (className == null || !shape.isEmpty() && !SHAPES.contains(shape)) {
      throw new IllegalArgumentException(
          sampler.className() + (shape.isEmpty() ? "" : " on the ladder " + shape)
              + " has no form for networks preconditioned as in EDM; Euler, DPM++ 2M, DPM++ 3M, DPM++ 2M SDE and DPM++ 2M SDE Heun"
              + " have, also with karras or exponential behind");
    }
    Map<String, Object> options = new LinkedHashMap<>(sampler.options());
    if (!shape.isEmpty()) {
      options.put("sigma_schedule", shape);
    }
    return sampler.as(className, options);
  }
}
