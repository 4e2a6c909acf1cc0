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

  /**
   * A solver that would extrapolate into the clean sample, made to end in the newest denoised
   * prediction instead.
   *
   * @param solver for every step but one to no noise
   */
  public record CleanEnd(Solver solver) implements Solver {
    @Override
    public Combination solve(SigmaSchedule ladder, PlanBuilder draft) {
      int last = ladder.last();
      if (ladder.first() > last || ladder.next(last).sigma() > 0) {
        return solver.solve(ladder, draft);
      }
      Combination x =
          ladder.first() == last ? draft.start() : solver.solve(ladder.withoutLast(), draft);
      return draft.call(x, ladder.timestep(last), ladder.at(last)).denoised();
    }
  }
}
