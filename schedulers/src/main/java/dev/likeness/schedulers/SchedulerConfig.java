package dev.likeness.schedulers;

import java.util.LinkedHashMap;
import java.util.Map;

/** A scheduler as a published {@code scheduler_config.json} describes it: a class name and its options. */
public final class SchedulerConfig {
  private final String className;
  private final Map<String, Object> given;

  private SchedulerConfig(String className, Map<String, Object> given) {
    this.className = className;
    this.given = given;
  }

  /** Reads the parsed JSON object of a {@code scheduler_config.json}. */
  public static SchedulerConfig of(Map<String, ?> json) {
    return new SchedulerConfig(String.valueOf(json.get("_class_name")), new LinkedHashMap<>(json));
  }

  /** The class with its own defaults, by any name that diffusers, A1111 or ComfyUI users type. */
  public static SchedulerConfig named(String name) {
    return of(Map.of("_class_name", name));
  }

  /** The class's name. */
  public String className() {
    return className;
  }

  /** The same options under another class. */
  public SchedulerConfig withClass(String className) {
    return new SchedulerConfig(className, given);
  }

  /** The same schedule sampled as this name says. */
  public SchedulerConfig with(String name) {
    return withClass(name);
  }

  /** The plan of {@code steps} steps from pure noise. */
  public SamplingPlan plan(int steps) {
    return plan(steps, 1);
  }

  /** The plan that begins part of the way down, for images: {@code strength} in 0..1 of the steps are done. */
  public SamplingPlan plan(int steps, double strength) {
    throw new UnsupportedOperationException("plans of " + steps + " at " + strength);
  }

  /** The training-time noise schedule. */
  public NoiseSchedule schedule() {
    throw new UnsupportedOperationException(className);
  }

  /** What the network was trained to answer. */
  public Prediction prediction() {
    return Prediction.parse(String.valueOf(given.getOrDefault("prediction_type", "epsilon")));
  }
}
