package dev.likeness.schedulers;

import dev.likeness.schedulers.internal.ClosestNames;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A scheduler as in diffusers' {@code scheduler_config.json}: a class name and options. Options
 * that are absent have the class's defaults. Immutable.
 */
public final class SchedulerConfig implements Scheduler {
  private static final Logger LOG = LoggerFactory.getLogger(SchedulerConfig.class);
  private static List<SchedulerProvider> providers = List.of();

  private final Map<String, Object> values;
  private final Map<String, Object> classOptions;
  private final Options options;
  private final Scheduler scheduler;

  private SchedulerConfig(String className, Map<String, ?> given) {
    this(className, given, Map.of());
  }

  private SchedulerConfig(
      String className, Map<String, ?> given, Map<String, Object> classOptions) {
    SchedulerProvider provider = provider(className);
    this.values = new LinkedHashMap<>(given);
    this.classOptions = classOptions;
    this.options = defaults(className).with(given).with(classOptions);
    warnAboutUnknownOptions();
    this.scheduler = provider.configure(className, options);
  }

  /**
   * {@return the scheduler of a parsed {@code scheduler_config.json}}
   *
   * @param json the JSON object
   * @throws IllegalArgumentException if {@code _class_name} is absent or names no scheduler class,
   *     or if the class does not support the value of an option
   */
  public static SchedulerConfig of(Map<String, ?> json) {
    if (json.get("_class_name") instanceof String className) {
      return new SchedulerConfig(className, json);
    }
    throw new IllegalArgumentException(
        "a scheduler config needs a text _class_name, such as EulerDiscreteScheduler; got "
            + json.get("_class_name") + " in a config with the options "
            + new TreeSet<>(json.keySet()));
  }

  /**
   * {@return the scheduler with the given name} Options that the name does not set have the class's
   * defaults.
   *
   * @param name a name of diffusers, A1111 or ComfyUI, such as {@code DDIMScheduler}, {@code Euler
   *     a} or {@code dpmpp_2m_sde_karras}
   * @throws IllegalArgumentException if no scheduler has this name, or if the scheduler does not
   *     support the sigma schedule in the name; the message suggests names
   */
  public static SchedulerConfig named(String name) {
    return named(SamplerName.of(name, classNames()).resolve(), Map.of());
  }

  /** {@return all scheduler class names that a config may have, in a new set} */
  public static TreeSet<String> classNames() {
    var names = new TreeSet<String>();
    providers().forEach(provider -> names.addAll(provider.classNames()));
    return names;
  }

  /** {@return the class name} */
  public String className() {
    return options.className();
  }

  /**
   * {@return true if the scheduler computes its flow sigmas itself, so that a pipeline must not
   * give it evenly spaced ones}
   */
  public boolean makesOwnSigmas() {
    return provider(className()).makesOwnSigmas(className(), options);
  }

  /** {@return all options, including defaults} */
  public Options options() {
    return options;
  }

  /**
   * {@return the value of a numeric option in the config} The option may belong to the scheduler
   * class, or it may be an option that only pipelines read.
   *
   * @param option the option's name
   * @param otherwise the result if neither the config nor the class has a value
   * @throws IllegalArgumentException if the class has the option, and its value is not a number
   */
  public double number(String option, double otherwise) {
    if (values.get(option) instanceof Number number) {
      return number.doubleValue();
    }
    return options.has(option) ? options.number(option, otherwise) : otherwise;
  }

  /**
   * {@return a copy of this config with the given class, as diffusers' {@code from_config} does} An
   * option that the new class also has keeps its value. All other options of the new class have
   * their defaults.
   *
   * @param className the name of the other class
   * @throws IllegalArgumentException if no scheduler class has this name, or if the class does not
   *     support the value of an option
   */
  public SchedulerConfig withClass(String className) {
    return new SchedulerConfig(className, values);
  }

  /**
   * {@return a copy of this config with the scheduler of the given name, for the same noise
   * schedule and prediction type}
   *
   * <p>If the name is a class name, the result always has exactly this class. For any other name,
   * if the network predicts flow or has EDM preconditioning, the result is the scheduler's variant
   * for such networks.
   *
   * @param name a name of diffusers, A1111 or ComfyUI, or a class name
   * @throws IllegalArgumentException if no scheduler has this name, if the scheduler has no variant
   *     for the config's network, or if it does not support the sigma schedule in the name
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
   * {@return a copy of this config with the scheduler of the given name, like
   * {@link #with(String)}} This method also checks that the copy is for the same kind of network as
   * this config. There are three kinds of networks: trained on flow, on continuous noise levels, or
   * on betas.
   *
   * @param name a name of diffusers, A1111 or ComfyUI, or a class name
   * @throws IllegalArgumentException in the same cases as {@link #with(String)}, or if the
   *     scheduler is for another kind of network than this config
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
        throw noOption(config.options, option);
      }
    });
    return config;
  }

  /**
   * {@return a copy of this config with one option changed}
   *
   * @param option the option's name
   * @param value a value of a type that JSON has; null turns the option off
   * @throws IllegalArgumentException if the scheduler class does not have this option or does not
   *     support the value
   */
  public SchedulerConfig with(String option, @Nullable Object value) {
    return withOptions(Collections.singletonMap(option, value));
  }

  /**
   * {@return a copy of this config with several options changed at once, as diffusers'
   * {@code from_config} does}
   *
   * @param changed values by option name, of the types that JSON has; null turns an option off
   * @throws IllegalArgumentException if an option is not one of the scheduler class, or if the
   *     class does not support a value
   */
  public SchedulerConfig withOptions(Map<String, ? extends @Nullable Object> changed) {
    changed.keySet().forEach(this::requireKnown);
    Map<String, Object> all = new LinkedHashMap<>(values);
    all.putAll(changed);
    Map<String, Object> others = new LinkedHashMap<>(classOptions);
    others.keySet().removeAll(changed.keySet());
    return new SchedulerConfig(className(), all, others);
  }

  /**
   * {@return a copy of this config with one option changed for its current scheduler class only} A
   * later change of the class discards the value. The new class then uses the value of
   * {@code scheduler_config.json} or of {@link #with(String, Object)}, else its own default.
   * Diffusers' pipelines set missing options in this way.
   *
   * @param option the option's name
   * @param value a value of a type that JSON has; null turns the option off
   * @throws IllegalArgumentException if the scheduler class does not have this option or does not
   *     support the value
   */
  public SchedulerConfig withClassOption(String option, @Nullable Object value) {
    requireKnown(option);
    return new SchedulerConfig(className(), values, withValue(classOptions, option, value));
  }

  private void requireKnown(String option) {
    if (!options.has(option)) {
      throw noOption(options, option);
    }
  }

  private static IllegalArgumentException noOption(Options options, String option) {
    return new IllegalArgumentException(
        options.className() + " has no option \"" + option + "\"; known: " + options.names());
  }

  private static Map<String, Object> withValue(
      Map<String, Object> values, String option, Object value) {
    Map<String, Object> changed = new LinkedHashMap<>(values);
    changed.put(option, value);
    return changed;
  }

  /**
   * {@return a plan with the given number of steps that starts from pure noise}
   *
   * @param steps the number of steps, at least 1
   * @throws IllegalArgumentException if the scheduler does not support this number of steps
   */
  public SamplingPlan plan(int steps) {
    return plan(PlanRequest.of(steps));
  }

  /**
   * {@return a plan with the given number of steps that starts from an initial image}
   *
   * @param steps the number of steps, at least 1
   * @param strength the share of the steps that is sampled, 0..1
   * @throws IllegalArgumentException if the scheduler does not support this number of steps, or if
   *     the strength is not in 0..1
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

  // Options of other classes stay for a switch to them. An option that no class has may be a typo.
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
      LOG.warn(
          "{} ignores the options {}, which no scheduler class has; check their names",
          className(),
          unknown);
    }
  }

  /** Returns the default options of a class. */
  static Options defaults(String className) {
    return provider(className).defaults(className);
  }

  private static SchedulerProvider provider(String className) {
    return providers().stream()
        .filter(provider -> provider.classNames().contains(className))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("unknown scheduler class \"" + className
            + "\"; closest: " + ClosestNames.of(className, classNames().stream(), 3)
            + "; docs/reference/schedulers.md lists the classes"));
  }

  private static synchronized List<SchedulerProvider> providers() {
    if (providers.isEmpty()) {
      var found = new ArrayList<SchedulerProvider>();
      ServiceLoader.load(SchedulerProvider.class, SchedulerProvider.class.getClassLoader())
          .forEach(found::add);
      providers = List.copyOf(found);
    }
    return providers;
  }

  @Override
  public String toString() {
    return options.toString();
  }
}
