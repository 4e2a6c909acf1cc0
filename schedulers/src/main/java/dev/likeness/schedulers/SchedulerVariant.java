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
  private static final Map<String, String> FLOW_CLASSES = Map.of(
      "EulerDiscreteScheduler",
      "FlowMatchEulerDiscreteScheduler",
      "HeunDiscreteScheduler",
      "FlowMatchHeunDiscreteScheduler",
      "LCMScheduler",
      "FlowMatchLCMScheduler");
  /** What stands behind the names of k-diffusion's samplers for flow. */
  static final String FLOW_SUFFIX = "_RF";

  private static final String DYNAMIC_SHIFTING = "use_dynamic_shifting";
  /**
   * Even in the timestep without the lowest, as the flow levels of diffusers' classes are, which
   * have no other ladder.
   */
  private static final Set<String> UNIFORM_SCHEDULES = Set.of("simple", "sgm_uniform");

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
    String twin = sampler.kDiffusionName() + FLOW_SUFFIX;
    String flow = FLOW_CLASSES.get(sampler.className());
    // One of the classes moves levels by a number alone; its twin follows the resolution, too.
    if (sampler.sigmaSchedule().isEmpty()
        && flow != null
        && !(own.flag(DYNAMIC_SHIFTING) && !SchedulerConfig.defaults(flow).has(DYNAMIC_SHIFTING))) {
      return sampler.withClass(flow, Map.of("shift", shift));
    }
    if (classes.contains(twin)) {
      return sampler.withClass(
          twin,
          sampler.sigmaSchedule().isEmpty()
              ? Map.of("shift", shift)
              : Map.of(
                  "shift",
                  shift,
                  "ladder",
                  requireSchedule(sampler, SamplerName.SIGMA_SCHEDULES.values())));
    }
    Predicate<String> knowsFlow = each -> SchedulerConfig.defaults(each).has("use_flow_sigmas");
    if (!knowsFlow.test(sampler.className())) {
      throw new IllegalArgumentException(
          sampler.className() + " has no form for networks that predict flow; "
              + classes.stream()
                  .filter(each -> each.endsWith(FLOW_SUFFIX) || knowsFlow.test(each))
                  .collect(Collectors.joining(", ", "", " have")));
    }
    if (!sampler.sigmaSchedule().isEmpty()) {
      requireSchedule(sampler, UNIFORM_SCHEDULES);
    }
    Map<String, Object> more = new LinkedHashMap<>(sampler.options());
    more.putAll(
        Map.of("use_flow_sigmas", true, "prediction_type", "flow_prediction", "flow_shift", shift));
    return sampler.withClass(sampler.className(), more);
  }

  /** The class that a class for flow is the form of; any other is its own. */
  static String baseClass(String className) {
    return FLOW_CLASSES.entrySet().stream()
        .filter(form -> form.getValue().equals(className))
        .map(Map.Entry::getKey)
        .findFirst()
        .orElse(
            className.endsWith(FLOW_SUFFIX)
                ? className.substring(0, className.length() - FLOW_SUFFIX.length())
                : className);
  }

  private static String requireSchedule(SamplerName sampler, Collection<String> known) {
    String shape =
        SamplerName.SIGMA_SCHEDULES.getOrDefault(sampler.sigmaSchedule(), sampler.sigmaSchedule());
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
  static final class EdmVariant {
    private static final Map<String, String> CLASSES = Map.of(
        "EulerDiscreteScheduler",
        "EDMEulerScheduler",
        "DPMSolverMultistepScheduler",
        "EDMDPMSolverMultistepScheduler");
    /** Ladders that the classes have, by {@code sigma_schedule}. */
    private static final Set<String> SIGMA_SCHEDULES = Set.of("karras", "exponential");

    private EdmVariant() {}

    /** Whether networks of this class's configs are such. */
    static boolean isEdmClass(String className) {
      return CLASSES.containsValue(className);
    }

    /** The class that a class for such networks is the form of; any other is its own. */
    static String baseClass(String className) {
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
      String shape = SamplerName.SIGMA_SCHEDULES.getOrDefault(
          sampler.sigmaSchedule(), sampler.sigmaSchedule());
      if (className == null || !shape.isEmpty() && !SIGMA_SCHEDULES.contains(shape)) {
        throw new IllegalArgumentException(
            sampler.className() + (shape.isEmpty() ? "" : " on the ladder " + shape)
                + " has no form for networks preconditioned as in EDM; Euler, DPM++ 2M, DPM++ 3M, DPM++ 2M SDE and DPM++ 2M SDE Heun"
                + " have, also with karras or exponential behind");
      }
      Map<String, Object> options = new LinkedHashMap<>(sampler.options());
      if (!shape.isEmpty()) {
        options.put("sigma_schedule", shape);
      }
      return sampler.withClass(className, options);
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

    private final String description;

    NetworkKind(String words) {
      this.description = words;
    }

    /**
     * The scheduler of a name for {@code own}'s network.
     *
     * @throws IllegalArgumentException when the name is a class's for networks of another kind; the
     *     message says what to ask for
     */
    static SchedulerConfig withCompatible(SchedulerConfig own, String name) {
      SchedulerConfig chosen = own.with(name);
      if (of(chosen) != of(own)) {
        throw new IllegalArgumentException("scheduler " + chosen.className() + " is for networks "
            + of(chosen).description + ", and this model's is" + " one of those "
            + of(own).description
            + "; ask for " + suggestName(own, chosen.className()));
      }
      return chosen;
    }

    private static NetworkKind of(SchedulerConfig config) {
      return config.prediction() == Prediction.FLOW
          ? FLOW
          : config.isContinuous() ? CONTINUOUS : BETAS;
    }

    /** What the sampler of a class is called that samples this network. */
    private static String suggestName(SchedulerConfig own, String className) {
      String plain = EdmVariant.baseClass(SchedulerVariant.baseClass(className));
      Stream<String> called = SamplerName.SamplerNames.KNOWN.entrySet().stream()
          .filter(known -> known.getValue().className().equals(plain))
          .map(Map.Entry::getKey);
      return Stream.concat(called, Stream.of(plain, plain + SchedulerVariant.FLOW_SUFFIX))
          .filter(name -> isCompatible(own, name))
          .findFirst()
          .orElse("a sampler, such as euler, by a name that is no class's");
    }

    private static boolean isCompatible(SchedulerConfig own, String name) {
      try {
        return of(own.with(name)) == of(own);
      } catch (IllegalArgumentException none) {
        return false;
      }
    }
  }
}
