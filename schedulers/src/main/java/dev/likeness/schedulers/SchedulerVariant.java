package dev.likeness.schedulers;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The variant of a scheduler for networks that predict flow: diffusers' flow class, else the
 * k-diffusion sampler for flow, else the class with flow sigmas.
 */
final class SchedulerVariant {
  private static final Map<String, String> FLOW_CLASSES = Map.of(
      "EulerDiscreteScheduler",
      "FlowMatchEulerDiscreteScheduler",
      "HeunDiscreteScheduler",
      "FlowMatchHeunDiscreteScheduler",
      "LCMScheduler",
      "FlowMatchLCMScheduler");
  /** The suffix of k-diffusion's samplers for flow. */
  static final String FLOW_SUFFIX = "_RF";

  private static final String DYNAMIC_SHIFTING = "use_dynamic_shifting";
  /**
   * Sigma schedules that are uniform in the timestep without the lowest one, as the flow sigmas of
   * diffusers' classes are.
   */
  private static final Set<String> UNIFORM_SCHEDULES = Set.of("simple", "sgm_uniform");

  private SchedulerVariant() {}

  /**
   * Returns the variant of a sampler for flow, with the requested sigma schedule.
   *
   * @param classes the known classes
   * @param own the network's options, for its shift
   * @throws IllegalArgumentException if there is none, or none with that sigma schedule
   */
  static SamplerName of(SamplerName sampler, Set<String> classes, Options own) {
    double shift = PlanRequest.FlowShift.of(own);
    String twin = sampler.kDiffusionName() + FLOW_SUFFIX;
    String flow = FLOW_CLASSES.get(sampler.className());
    // One of the classes has no dynamic shifting; k-diffusion's sampler for flow has it.
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
    Predicate<String> hasFlowSigmas = each -> SchedulerConfig.defaults(each).has("use_flow_sigmas");
    if (!hasFlowSigmas.test(sampler.className())) {
      throw new IllegalArgumentException(
          sampler.className() + " has no variant for networks that predict flow; "
              + classes.stream()
                  .filter(each -> each.endsWith(FLOW_SUFFIX) || hasFlowSigmas.test(each))
                  .collect(Collectors.joining(", ", "use one of ", "")));
    }
    if (!sampler.sigmaSchedule().isEmpty()) {
      requireSchedule(sampler, UNIFORM_SCHEDULES);
    }
    Map<String, Object> more = new LinkedHashMap<>(sampler.options());
    more.putAll(
        Map.of("use_flow_sigmas", true, "prediction_type", "flow_prediction", "flow_shift", shift));
    return sampler.withClass(sampler.className(), more);
  }

  /** Returns the class that a flow class is the variant of; any other class is its own. */
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
      throw new IllegalArgumentException(sampler.className() + " has no sigma schedule " + shape
          + " for networks that predict flow; use one of "
          + known.stream().distinct().sorted().collect(Collectors.joining(", ")));
    }
    return shape;
  }

  /**
   * The variant of a scheduler for networks with EDM preconditioning (Playground v2.5): one of
   * diffusers' two classes for them.
   */
  static final class EdmVariant {
    private static final Map<String, String> CLASSES = Map.of(
        "EulerDiscreteScheduler",
        "EDMEulerScheduler",
        "DPMSolverMultistepScheduler",
        "EDMDPMSolverMultistepScheduler");
    /** The sigma schedules of the classes, by {@code sigma_schedule}. */
    private static final Set<String> SIGMA_SCHEDULES = Set.of("karras", "exponential");

    private EdmVariant() {}

    /** Returns true if configs of a class are for networks with EDM preconditioning. */
    static boolean isEdmClass(String className) {
      return CLASSES.containsValue(className);
    }

    /** Returns the class that an EDM class is the variant of; any other class is its own. */
    static String baseClass(String className) {
      return CLASSES.entrySet().stream()
          .filter(form -> form.getValue().equals(className))
          .map(Map.Entry::getKey)
          .findFirst()
          .orElse(className);
    }

    /**
     * Returns the variant of a sampler, with the requested sigma schedule or that of the config.
     *
     * @throws IllegalArgumentException if there is none
     */
    static SamplerName of(SamplerName sampler) {
      String className = CLASSES.get(sampler.className());
      String shape = SamplerName.SIGMA_SCHEDULES.getOrDefault(
          sampler.sigmaSchedule(), sampler.sigmaSchedule());
      if (className == null || !shape.isEmpty() && !SIGMA_SCHEDULES.contains(shape)) {
        throw new IllegalArgumentException(
            sampler.className() + (shape.isEmpty() ? "" : " with sigma schedule " + shape)
                + " has no variant for networks with EDM preconditioning; use Euler, DPM++"
                + " 2M, DPM++ 3M, DPM++ 2M SDE or DPM++ 2M SDE Heun, alone or followed by"
                + " karras or exponential");
      }
      Map<String, Object> options = new LinkedHashMap<>(sampler.options());
      if (!shape.isEmpty()) {
        options.put("sigma_schedule", shape);
      }
      return sampler.withClass(className, options);
    }
  }

  /**
   * The kind of network that a scheduler samples. Sampling a network of another kind gives noise.
   */
  enum NetworkKind {
    FLOW("that predict flow"),
    CONTINUOUS("trained on continuous noise levels"),
    BETAS("trained on betas");

    private final String description;

    NetworkKind(String description) {
      this.description = description;
    }

    /**
     * Returns the scheduler of a name for the network of {@code own}.
     *
     * @throws IllegalArgumentException if the name is a class for networks of another kind; the
     *     message suggests a name
     */
    static SchedulerConfig withCompatible(SchedulerConfig own, String name) {
      SchedulerConfig chosen = own.with(name);
      if (of(chosen) != of(own)) {
        throw new IllegalArgumentException("scheduler " + chosen.className() + " is for networks "
            + of(chosen).description + ", but this model needs one for networks "
            + of(own).description
            + "; use " + suggestName(own, chosen.className()));
      }
      return chosen;
    }

    private static NetworkKind of(SchedulerConfig config) {
      return config.prediction() == Prediction.FLOW
          ? FLOW
          : config.isContinuous() ? CONTINUOUS : BETAS;
    }

    /** Returns a name of the same sampler that fits this network. */
    private static String suggestName(SchedulerConfig own, String className) {
      String plain = EdmVariant.baseClass(SchedulerVariant.baseClass(className));
      Stream<String> called = SamplerNames.KNOWN.entrySet().stream()
          .filter(known -> known.getValue().className().equals(plain))
          .map(Map.Entry::getKey);
      return Stream.concat(called, Stream.of(plain, plain + SchedulerVariant.FLOW_SUFFIX))
          .filter(name -> isCompatible(own, name))
          .findFirst()
          .orElse("a sampler name that is not a class name, such as euler");
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
