package dev.likeness.schedulers;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * The form of a sampler for networks that predict flow: diffusers' class for flow, else the twin
 * for flow, else the class on flow levels.
 */
final class SchedulerVariant {
  private static final Map<String, String> CLASSES = Map.of(
      "EulerDiscreteScheduler",
      "FlowMatchEulerDiscreteScheduler",
      "HeunDiscreteScheduler",
      "FlowMatchHeunDiscreteScheduler",
      "LCMScheduler",
      "FlowMatchLCMScheduler");
  /** What stands behind the names of k-diffusion's samplers for flow. */
  static final String BEHIND = "_RF";

  private static final String BY_RESOLUTION = "use_dynamic_shifting";
  /**
   * Even in the timestep without the lowest, as the flow levels of diffusers' classes are, which
   * have no other ladder.
   */
  private static final Set<String> EVEN = Set.of("simple", "sgm_uniform");

  private SchedulerVariant() {}

  /**
   * The form of {@code sampler}, on the ladder that was asked for.
   *
   * @param classes the known classes
   * @param own how the network's levels are moved towards noise
   * @throws IllegalArgumentException when it has no form for flow, or none on that ladder
   */
  static SamplerName of(SamplerName sampler, Set<String> classes, Options own) {
    double shift = FlowShift.of(own);
    String twin = sampler.twin() + BEHIND;
    String flow = CLASSES.get(sampler.className());
    // One of the classes moves levels by a number alone; its twin follows the resolution, too.
    if (sampler.ladder().isEmpty()
        && flow != null
        && !(own.flag(BY_RESOLUTION) && !SchedulerConfig.defaults(flow).has(BY_RESOLUTION))) {
      return sampler.as(flow, Map.of("shift", shift));
    }
    if (classes.contains(twin)) {
      return sampler.as(
          twin,
          sampler.ladder().isEmpty()
              ? Map.of("shift", shift)
              : Map.of("shift", shift, "ladder", shape(sampler, SamplerName.SHAPES.values())));
    }
    Predicate<String> knowsFlow = each -> SchedulerConfig.defaults(each).has("use_flow_sigmas");
    if (!knowsFlow.test(sampler.className())) {
      throw new IllegalArgumentException(
          sampler.className() + " has no form for networks that predict flow; "
              + classes.stream()
                  .filter(each -> each.endsWith(BEHIND) || knowsFlow.test(each))
                  .collect(Collectors.joining(", ", "", " have")));
    }
    if (!sampler.ladder().isEmpty()) {
      shape(sampler, EVEN);
    }
    Map<String, Object> more = new LinkedHashMap<>(sampler.options());
    more.putAll(
        Map.of("use_flow_sigmas", true, "prediction_type", "flow_prediction", "flow_shift", shift));
    return sampler.as(sampler.className(), more);
  }

  /** The class that a class for flow is the form of; any other is its own. */
  static String plain(String className) {
    return CLASSES.entrySet().stream()
        .filter(form -> form.getValue().equals(className))
        .map(Map.Entry::getKey)
        .findFirst()
        .orElse(
            className.endsWith(BEHIND)
                ? className.substring(0, className.length() - BEHIND.length())
                : className);
  }

  private static String shape(SamplerName sampler, Collection<String> known) {
    String shape = SamplerName.SHAPES.getOrDefault(sampler.ladder(), sampler.ladder());
    if (!known.contains(shape)) {
      throw new IllegalArgumentException(sampler.className() + " has no ladder " + shape
          + " for networks that predict flow; it has "
          + known.stream().distinct().sorted().collect(Collectors.joining(", ")));
    }
    return shape;
  }
}
