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
   * @param sigmaSchedule the noise levels to walk
   * @param draft where the rows go
   * @return the sample after the last step
   */
  Combination solve(SigmaSchedule sigmaSchedule, PlanBuilder draft);

  /**
   * A solver that would extrapolate into the clean sample, made to end in the newest denoised
   * prediction instead.
   *
   * @param solver for every step but one to no noise
   */
  public record CleanEnd(Solver solver) implements Solver {
    @Override
    public Combination solve(SigmaSchedule sigmaSchedule, PlanBuilder draft) {
      int last = sigmaSchedule.last();
      if (sigmaSchedule.first() > last || sigmaSchedule.next(last).sigma() > 0) {
        return solver.solve(sigmaSchedule, draft);
      }
      Combination x = sigmaSchedule.first() == last
          ? draft.start()
          : solver.solve(sigmaSchedule.withoutLastStep(), draft);
      return draft.call(x, sigmaSchedule.timestep(last), sigmaSchedule.at(last)).denoised();
    }
  }
}
