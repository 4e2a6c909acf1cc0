package dev.likeness.cli.doctor;

import java.util.Locale;

/**
 * One line of the examination.
 *
 * @param state whether it is as it should be
 * @param subject what was looked at
 * @param text what was found and, where something is wrong, what to do
 */
public record Finding(State state, String subject, String text) {
  /** How a thing stands: fine, works but could be better, or missing so that drawing fails. */
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

  /** Whether drawing fails without it. */
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
