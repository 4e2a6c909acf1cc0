package dev.likeness.schedulers.internal.diffusers;

import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.NoiseSchedule;
import dev.likeness.schedulers.PlanBuilder;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.Prediction;
import dev.likeness.schedulers.SamplingPlan;
import dev.likeness.schedulers.Scheduler;
import dev.likeness.schedulers.SigmaSchedule;
import dev.likeness.schedulers.Solver;
import dev.likeness.schedulers.Step;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/**
 * A scheduler that is a ladder walked by a solver.
 *
 * @param training what the network was trained for
 * @param ladders the whole ladder of a request
 * @param solvers the solver of a request
 * @param pureNoise the standard deviation of the first sample, given the ladder
 * @param rowsPerStep how many rows the solver writes for a step, the last step apart; 1 or 2
 */
record ConfiguredScheduler(
    NetworkConfig training,
    Function<PlanRequest, SigmaSchedule> ladders,
    Function<PlanRequest, Solver> solvers,
    ToDoubleFunction<SigmaSchedule> pureNoise,
    int rowsPerStep)
    implements Scheduler {

  /** One row for each step, begun from unit noise. */
  static Scheduler unit(
      NetworkConfig training,
      Function<PlanRequest, SigmaSchedule> ladders,
      Function<PlanRequest, Solver> solvers) {
    return new ConfiguredScheduler(training, ladders, solvers, all -> 1, 1);
  }

  @Override
  public SamplingPlan plan(PlanRequest request) {
    SigmaSchedule ladder = ladders.apply(request);
    SigmaSchedule begun = ladder.from(first(request, ladder));
    var draft = new PlanBuilder(training.network(), training.clipping());
    List<Step> rows = rows(request, begun, draft);
    int count = (int) rows.stream()
        .filter(row -> row.timestep() >= request.untilTimestep(training.length()))
        .count();
    NoiseLevel level = begun.start();
    return new SamplingPlan(
        request.until() < 1 ? rows.subList(0, count) : rows,
        new SamplingPlan.Start(level.alpha(), draft.startNoise(level.sigma())),
        pureNoise.applyAsDouble(ladder),
        rowsPerStep);
  }

  private List<Step> rows(PlanRequest request, SigmaSchedule ladder, PlanBuilder draft) {
    return draft.rows(solvers.apply(request).solve(ladder, draft));
  }

  private int first(PlanRequest request, SigmaSchedule ladder) {
    if (request.from() == 0) {
      // The caller's own levels are as many steps as they make, which is one fewer where the last
      // is where the run ends.
      boolean own = request.sigmas().length > 0 || request.timesteps().length > 0;
      return Math.min(own ? request.firstStep(ladder.size()) : request.firstStep(), ladder.size());
    }
    List<Step> all =
        rows(request, ladder, new PlanBuilder(training.network(), training.clipping()));
    int left = (int) all.stream()
        .filter(row -> row.timestep() < request.fromTimestep(training.length()))
        .count();
    int odd = rowsPerStep == 2 && left % 2 == 0 ? left + 1 : left;
    return Math.max(0, all.size() - odd) / rowsPerStep;
  }

  @Override
  public NoiseSchedule schedule() {
    if (isContinuous()) {
      throw new IllegalStateException(
          "this scheduler's networks are trained on continuous noise levels, not on betas");
    }
    return training.schedule();
  }

  @Override
  public boolean isContinuous() {
    return training.schedule() == null;
  }

  @Override
  public Prediction prediction() {
    return training.prediction();
  }

  /** What a class refuses of a request. */
  static final class Requests {
    private Requests() {}

    static void requireSteps(int steps, int least, int most) {
      if (steps < least || steps > most) {
        throw new IllegalArgumentException(
            "this scheduler makes " + least + " to " + most + " steps, got " + steps);
      }
    }

    static void requireOwnTimesteps(PlanRequest request, String owner) {
      requireNoTimesteps(request, owner);
      requireOwnSigmas(request, owner);
    }

    static void requireNoTimesteps(PlanRequest request, String owner) {
      if (request.timesteps().length > 0) {
        throw new IllegalArgumentException(owner + " spaces its own timesteps and takes no others");
      }
    }

    /** Refuses timesteps of the caller's own that climb or were never trained. */
    static double[] requireFalling(double[] timesteps, int trained) {
      for (int i = 0; i < timesteps.length; i++) {
        double above = i == 0 ? trained : timesteps[i - 1];
        if (!(timesteps[i] < above && timesteps[i] >= 0)) {
          throw new IllegalArgumentException("timesteps must fall within the trained 0.."
              + (trained - 1) + ", got " + timesteps[i] + (i == 0 ? " first" : " after " + above));
        }
      }
      return timesteps;
    }

    static void requireOwnSigmas(PlanRequest request, String owner) {
      if (request.sigmas().length > 0) {
        throw new IllegalArgumentException(owner + " computes its own sigmas and takes no others");
      }
    }
  }
}
