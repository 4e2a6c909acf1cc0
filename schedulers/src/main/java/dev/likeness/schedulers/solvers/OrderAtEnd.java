package dev.likeness.schedulers.solvers;

import dev.likeness.schedulers.SigmaSchedule;

/**
 * How a multistep solver lowers its order near the end of its ladder, as diffusers' DPM-Solver
 * does.
 *
 * @param firstAtLast whether the last step is of order 1 whatever the ladder's length
 * @param lowerWhenShort whether ladders of fewer than 15 steps end with orders 2 and 1
 */
public record OrderAtEnd(boolean firstAtLast, boolean lowerWhenShort) {
  private static final int SHORT = 15;

  /** The order of step i, given what the history allows. */
  int orderAt(SigmaSchedule ladder, int i, int possible) {
    boolean lower = lowerWhenShort && ladder.size() < SHORT;
    if (i == ladder.last() && (firstAtLast || lower)) {
      return 1;
    }
    return i == ladder.last() - 1 && lower ? Math.min(2, possible) : possible;
  }
}
