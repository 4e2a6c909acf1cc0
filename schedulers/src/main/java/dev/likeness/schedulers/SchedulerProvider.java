package dev.likeness.schedulers;

import java.util.Set;

/**
 * A set of scheduler classes that configs may name. {@link java.util.ServiceLoader} finds it, so a
 * jar may add its own.
 */
public interface SchedulerProvider {
  /** Returns the class names, as in {@code _class_name}. */
  Set<String> classNames();

  /** Returns the default options of a class. */
  Options defaults(String className);

  /**
   * Returns the scheduler of a class with the given options.
   *
   * @throws IllegalArgumentException if a value is not known; the message lists the known ones
   */
  Scheduler configure(String className, Options options);
}
