package dev.likeness.schedulers;

/**
 * A sampling algorithm: it walks a ladder of noise levels and writes one row for each call of the
 * network.
 */
@FunctionalInterface
public interface Solver {
  /**
   * Writes the rows.
   *
   * @param ladder the noise levels to walk
   * @param draft where the rows go
   * @return the sample after the last step
   */
  Combination solve(SigmaSchedule ladder, PlanBuilder draft);
}
