package dev.likeness.portrait.training;

import java.util.Locale;
import java.util.function.IntConsumer;

/** Prints the progress of a long operation to standard error. */
final class ProgressOutput {
  private static final int EVERY = 320;

  private ProgressOutput() {}

  /** A listener for the number of finished items; it prints every 320th and the last. */
  static IntConsumer of(String what, int all) {
    return done -> {
      if (done % EVERY == 0 || done == all) {
        System.err.printf(Locale.ROOT, "%s %d/%d%n", what, done, all);
      }
    };
  }
}
