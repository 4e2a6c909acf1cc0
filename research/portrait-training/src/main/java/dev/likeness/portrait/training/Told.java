package dev.likeness.portrait.training;

import java.util.Locale;
import java.util.function.IntConsumer;

/** Says on the error stream how far a long piece of work has come. */
final class Told {
  private static final int EVERY = 320;

  private Told() {}

  /** Is told how many of {@code all} are done, and says so at every 320th and the last. */
  static IntConsumer of(String what, int all) {
    return done -> {
      if (done % EVERY == 0 || done == all) {
        System.err.printf(Locale.ROOT, "%s %d/%d%n", what, done, all);
      }
    };
  }
}
