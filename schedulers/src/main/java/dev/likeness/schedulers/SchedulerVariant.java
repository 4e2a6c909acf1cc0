package dev.likeness.schedulers;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

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
    double shift = PlanRequest.FlowShift.of(own);
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

  /**
   * The form of a sampler for networks that were preconditioned as in EDM (Playground v2.5): one of
   * diffusers' two classes for them.
   */
  static final class EdmForm {
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

  /**
   * The kind of network that a scheduler samples: of one of another kind it makes nothing but
   * noise.
   */
  enum NetworkKind {
    FLOW("that predict flow"),
    CONTINUOUS("trained on continuous noise levels"),
    BETAS("trained on betas");

    private final String words;

    NetworkKind(String words) {
      this.words = words;
    }

    /**
     * The scheduler of a name for {@code own}'s network.
     *
     * @throws IllegalArgumentException when the name is a class's for networks of another kind; the
     *     message says what to ask for
     */
    static SchedulerConfig sampling(SchedulerConfig own, String name) {
      SchedulerConfig chosen = own.with(name);
      if (of(chosen) != of(own)) {
        throw new IllegalArgumentException("scheduler " + chosen.className() + " is for networks "
            + of(chosen).words + ", and this model's is" + " one of those " + of(own).words
            + "; ask for " + namesake(own, chosen.className()));
      }
      return chosen;
    }

    private static NetworkKind of(SchedulerConfig config) {
      return config.prediction() == Prediction.FLOW
          ? FLOW
          : config.isContinuous() ? CONTINUOUS : BETAS;
    }

    /** What the sampler of a class is called that samples this network. */
    private static String namesake(SchedulerConfig own, String className) {
      String plain = EdmForm.plain(SchedulerVariant.plain(className));
      Stream<String> called = SamplerName.SamplerNames.KNOWN.entrySet().stream()
          .filter(known -> known.getValue().className().equals(plain))
          .map(Map.Entry::getKey);
      return Stream.concat(called, Stream.of(plain, plain + SchedulerVariant.BEHIND))
          .filter(name -> isFor(own, name))
          .findFirst()
          .orElse("a sampler, such as euler, by a name that is no class's");
    }

    private static boolean isFor(SchedulerConfig own, String name) {
      try {
        return of(own.with(name)) == of(own);
      } catch (IllegalArgumentException none) {
        return false;
      }
    }
  }
}
