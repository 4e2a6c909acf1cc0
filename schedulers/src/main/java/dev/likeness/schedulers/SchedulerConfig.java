package dev.likeness.schedulers;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A scheduler as a published {@code scheduler_config.json} describes it: a class name and the
 * options that differ from the class's own defaults. Immutable.
 */
public final class SchedulerConfig implements Scheduler {
  private static final Logger LOG = LoggerFactory.getLogger(SchedulerConfig.class);

  private final Map<String, Object> values;
  private final Map<String, Object> classOptions;
  private final Options options;
  private final Scheduler scheduler;

  private SchedulerConfig(String className, Map<String, ?> given) {
    this(className, given, Map.of());
  }

  private SchedulerConfig(String className, Map<String, ?> given, Map<String, Object> here) {
    SchedulerProvider provider = provider(className);
    this.values = new LinkedHashMap<>(given);
    this.classOptions = here;
    this.options = defaults(className).with(given).with(here);
    warnAboutUnknownOptions();
    this.scheduler = provider.configure(className, options);
  }

  /**
   * Reads the parsed JSON object of a {@code scheduler_config.json}.
   *
   * @throws IllegalArgumentException for a class or a value that is not known; the message lists
   *     what is
   */
  public static SchedulerConfig of(Map<String, ?> json) {
    if (json.get("_class_name") instanceof String className) {
      return new SchedulerConfig(className, json);
    }
    throw new IllegalArgumentException(
        "a scheduler config needs _class_name, got only " + new TreeSet<>(json.keySet()));
  }

  /**
   * A scheduler with its class's defaults, by any name that diffusers, A1111 or ComfyUI users type,
   * such as {@code DDIMScheduler}, {@code Euler a} or {@code dpmpp_2m_sde_karras}.
   *
   * @throws IllegalArgumentException for a name that is not known; the message lists what is
   */
  public static SchedulerConfig named(String name) {
    return named(SamplerName.of(name, classNames()).resolve(), Map.of());
  }

  /** All class names that a config may have. */
  public static TreeSet<String> classNames() {
    var names = new TreeSet<String>();
    providers().forEach(provider -> names.addAll(provider.classNames()));
    return names;
  }

  /** The class's name. */
  public String className() {
    return options.className();
  }

  /** All options, defaults included. */
  public Options options() {
    return options;
  }

  /** A number that the config gave, known to the class or meant for a pipeline. */
  public double number(String option, double otherwise) {
    if (values.get(option) instanceof Number number) {
      return number.doubleValue();
    }
    return options.has(option) ? options.number(option, otherwise) : otherwise;
  }

  /**
   * The same options under another class, as diffusers' {@code from_config} switches: what was
   * given stays where the new class knows it, everything else takes the new class's defaults.
   */
  public SchedulerConfig withClass(String className) {
    return new SchedulerConfig(className, values);
  }

  /**
   * The same noise schedule and prediction, sampled as this name says; for a network that predicts
   * flow by that sampler's form for flow, for one that was preconditioned as in EDM by its form for
   * that, unless the name is a class's own.
   *
   * @throws IllegalArgumentException for a name that is not known, or a sampler without a form for
   *     this network
   */
  public SchedulerConfig with(String name) {
    SamplerName sampler = SamplerName.of(name, classNames());
    return named(
        sampler.className().equalsIgnoreCase(name)
            ? sampler
            : prediction() == Prediction.FLOW
                ? SchedulerVariant.of(sampler, classNames(), options)
                : SchedulerVariant.EdmVariant.isEdmClass(className())
                    ? SchedulerVariant.EdmVariant.of(sampler)
                    : sampler.resolve(),
        values);
  }

  /**
   * The same, to draw with the network that this scheduler is of: a class's own name, which is
   * taken at its word, has to be for its kind.
   *
   * @throws IllegalArgumentException as {@link #with(String)}, and for a class that samples flow
   *     where this network does not predict it, the other way round, or likewise for continuous
   *     noise levels; the message says what to ask for
   */
  public SchedulerConfig withCompatible(String name) {
    return SchedulerVariant.NetworkKind.withCompatible(this, name);
  }

  private static SchedulerConfig named(SamplerName sampler, Map<String, Object> given) {
    Map<String, Object> changed = new LinkedHashMap<>(given);
    changed.putAll(sampler.options());
    var config = new SchedulerConfig(sampler.className(), changed);
    sampler.options().forEach((option, value) -> {
      if (!config.options.has(option) && !Boolean.FALSE.equals(value)) {
        throw new IllegalArgumentException(sampler.className() + " has no option " + option
            + "; it has " + config.options.names());
      }
    });
    return config;
  }

  /** The same scheduler with one option changed. */
  public SchedulerConfig with(String option, Object value) {
    requireKnown(option);
    Map<String, Object> others = new LinkedHashMap<>(classOptions);
    others.remove(option);
    return new SchedulerConfig(className(), withValue(values, option, value), others);
  }

  /**
   * The same scheduler with one option changed under this class alone: another class takes what was
   * given, else its own default. So diffusers' pipelines overrule what a config left out.
   */
  public SchedulerConfig withClassOption(String option, Object value) {
    requireKnown(option);
    return new SchedulerConfig(className(), values, withValue(classOptions, option, value));
  }

  private void requireKnown(String option) {
    if (!options.has(option)) {
      throw new IllegalArgumentException(
          className() + " has no option " + option + "; it has " + options.names());
    }
  }

  private static Map<String, Object> withValue(
      Map<String, Object> values, String option, Object value) {
    Map<String, Object> changed = new LinkedHashMap<>(values);
    changed.put(option, value);
    return changed;
  }

  /** The plan of {@code steps} steps from pure noise. */
  public SamplingPlan plan(int steps) {
    return plan(PlanRequest.of(steps));
  }

  /**
   * The plan that begins part of the way down, for images: {@code strength} in 0..1 of the steps
   * are done.
   */
  public SamplingPlan plan(int steps, double strength) {
    return plan(PlanRequest.of(steps).strength(strength));
  }

  @Override
  public SamplingPlan plan(PlanRequest request) {
    return scheduler.plan(request);
  }

  @Override
  public NoiseSchedule noiseSchedule() {
    return scheduler.noiseSchedule();
  }

  @Override
  public boolean isContinuous() {
    return scheduler.isContinuous();
  }

  @Override
  public Prediction prediction() {
    return scheduler.prediction();
  }

  // Options of other classes stay for a switch to them; what no class knows is perhaps a
  // misspelling.
  private void warnAboutUnknownOptions() {
    var unknown = new TreeSet<>(values.keySet());
    unknown.removeAll(options.names());
    unknown.removeIf(name -> name.startsWith("_"));
    if (!unknown.isEmpty()) {
      providers()
          .forEach(provider -> provider
              .classNames()
              .forEach(name -> unknown.removeAll(provider.defaults(name).names())));
    }
    if (!unknown.isEmpty()) {
      LOG.warn("{} ignores the options {}, which no scheduler class has", className(), unknown);
    }
  }

  /** A class's options at their defaults. */
  static Options defaults(String className) {
    return provider(className).defaults(className);
  }

  private static SchedulerProvider provider(String className) {
    return providers().stream()
        .filter(provider -> provider.classNames().contains(className))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("scheduler class " + className
            + " is unknown; known are " + String.join(", ", classNames())));
  }

  private static List<SchedulerProvider> providers() {
    var found = new ArrayList<SchedulerProvider>();
    ServiceLoader.load(SchedulerProvider.class, SchedulerProvider.class.getClassLoader())
        .forEach(found::add);
    return found;
  }

  @Override
  public String toString() {
    return options.toString();
  }
}
