package dev.likeness.cli.doctor;

import java.util.Locale;

/**
 * One finding of {@code likeness doctor}.
 *
 * @param state the state of the examined part
 * @param subject name of the examined part, such as {@code memory}
 * @param text the finding and, for a problem, what to do
 */
public record Finding(State state, String subject, String text) {
  /** The state of a finding: fine, usable but not optimal, or missing so that generation fails. */
  public enum State {
    OK,
    ADVICE,
    MISSING
  }

  static Finding ofOk(String subject, String text) {
    return new Finding(State.OK, subject, text);
  }

  static Finding ofAdvice(String subject, String text) {
    return new Finding(State.ADVICE, subject, text);
  }

  static Finding ofMissing(String subject, String text) {
    return new Finding(State.MISSING, subject, text);
  }

  /** Returns true if the examined part is missing, so that generation fails. */
  public boolean isMissing() {
    return state == State.MISSING;
  }

  @Override
  public String toString() {
    String mark =
        switch (state) {
          case OK -> "ok";
          case ADVICE -> "advice";
          case MISSING -> "MISSING";
        };
    return String.format(Locale.ROOT, "%-8s %-12s %s", mark, subject, text);
  }
}
