package dev.likeness.schedulers;

/**
 * The update rule of the steps, for example Euler or DPM++ 2M. It writes one row of a plan for each
 * call of the network.
 */
@FunctionalInterface
public interface Solver {
  /**
   * Writes the rows of a plan.
   *
   * @param sigmaSchedule the noise levels of the steps
   * @param draft collects the rows
   * @return the sample after the last step
   * @throws IllegalArgumentException if the solver does not support the sigma schedule
   */
  Combination solve(SigmaSchedule sigmaSchedule, PlanBuilder draft);

  /**
   * Wraps a solver that cannot step to sigma 0. If the last step goes to sigma 0, this wrapper
   * computes the last step itself: the result is the denoised prediction.
   *
   * @param solver the solver for all other steps
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
