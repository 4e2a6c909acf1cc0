package dev.likeness.schedulers;

import java.util.Set;

/**
 * A set of scheduler classes that configs may name. Found by {@link java.util.ServiceLoader}, so a
 * jar may bring its own.
 */
public interface SchedulerProvider {
  /** The class names, as {@code _class_name} spells them. */
  Set<String> classNames();

  /** A class's options at their defaults. */
  Options defaults(String className);

  /**
   * The scheduler of a class with these options.
   *
   * @throws IllegalArgumentException for a value that the class does not know; the message lists
   *     what is known
   */
  Scheduler configure(String className, Options options);
}
