package dev.likeness.schedulers;

import java.util.Set;

/**
 * A set of scheduler classes that configs may name. {@link java.util.ServiceLoader} finds
 * providers, so a jar can add scheduler classes.
 */
public interface SchedulerProvider {
  /** {@return the class names, as in the config option {@code _class_name}} */
  Set<String> classNames();

  /**
   * {@return the default options of a class}
   *
   * @param className one of {@link #classNames()}
   */
  Options defaults(String className);

  /**
   * {@return the scheduler of a class with the given options}
   *
   * @param className one of {@link #classNames()}
   * @param options all options of the class, as {@link #defaults} names them
   * @throws IllegalArgumentException if a value is not known; the message lists the known values
   */
  Scheduler configure(String className, Options options);
}
