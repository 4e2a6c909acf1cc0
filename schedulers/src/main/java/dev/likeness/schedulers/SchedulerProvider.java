package dev.likeness.schedulers;

import java.util.Set;

/**
 * Provides scheduler classes, which a {@link SchedulerConfig} may name.
 * {@link java.util.ServiceLoader} finds providers, so a jar can add scheduler classes. One object
 * of each provider serves all threads.
 */
public interface SchedulerProvider {
  /** {@return the class names, as in the config option {@code _class_name}} */
  Set<String> classNames();

  /**
   * {@return the default options of a class}
   *
   * @param className a class name from {@link #classNames()}
   */
  Options defaults(String className);

  /**
   * {@return the scheduler of a class with the given options}
   *
   * @param className a class name from {@link #classNames()}
   * @param options all options of the class, with the same names as in {@link #defaults}
   * @throws IllegalArgumentException if the class does not support the value of an option; the
   *     message lists the supported values
   */
  Scheduler configure(String className, Options options);

  /**
   * {@return true if a scheduler of the class computes its flow sigmas itself, so that a pipeline
   * must not give it evenly spaced ones; false by default}
   *
   * @param className a class name from {@link #classNames()}
   * @param options all options of the class
   */
  default boolean makesOwnSigmas(String className, Options options) {
    return false;
  }
}
