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
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * A scheduler of a sigma schedule and a solver.
 *
 * @param network what the network was trained for
 * @param sigmaSchedules the whole sigma schedule of a request
 * @param solvers the solver of a request
 * @param initNoiseSigma the standard deviation of the first sample for a sigma schedule
 * @param rowsPerStep the number of rows of a step, except the last one; 1 or 2
 */
record ConfiguredScheduler(
    NetworkConfig network,
    Function<PlanRequest, SigmaSchedule> sigmaSchedules,
    Function<PlanRequest, Solver> solvers,
    ToDoubleFunction<SigmaSchedule> initNoiseSigma,
    int rowsPerStep)
    implements Scheduler {

  /** One row for each step, starting from unit noise. */
  static Scheduler withUnitNoise(
      NetworkConfig training,
      Function<PlanRequest, SigmaSchedule> sigmaSchedules,
      Function<PlanRequest, Solver> solvers) {
    return new ConfiguredScheduler(training, sigmaSchedules, solvers, all -> 1, 1);
  }

  @Override
  public SamplingPlan plan(PlanRequest request) {
    SigmaSchedule sigmaSchedule = sigmaSchedules.apply(request);
    SigmaSchedule entered = sigmaSchedule.from(firstStep(request, sigmaSchedule));
    var draft = new PlanBuilder(network.scaling(), network.clipping());
    List<Step> rows = rows(request, entered, draft);
    int count = (int) rows.stream()
        .filter(row -> row.timestep() >= request.endTimestep(network.length()))
        .count();
    NoiseLevel level = entered.start();
    return new SamplingPlan(
        request.denoisingEnd() < 1 ? rows.subList(0, count) : rows,
        new SamplingPlan.Start(level.alpha(), draft.startNoise(level.sigma())),
        initNoiseSigma.applyAsDouble(sigmaSchedule),
        rowsPerStep);
  }

  private List<Step> rows(PlanRequest request, SigmaSchedule sigmaSchedule, PlanBuilder draft) {
    try {
      return draft.build(solvers.apply(request).solve(sigmaSchedule, draft));
    } catch (IllegalArgumentException e) {
      throw repeatedSigma(sigmaSchedule).isPresent()
          ? new IllegalArgumentException(
              "this scheduler needs different sigmas, but its schedule of " + request.steps()
                  + " steps repeats sigma " + repeatedSigma(sigmaSchedule).getAsDouble()
                  + "; use fewer steps or a smaller steps_offset",
              e)
          : e;
    }
  }

  /** Returns the first sigma that two steps have; many solvers divide by their difference. */
  private static OptionalDouble repeatedSigma(SigmaSchedule sigmaSchedule) {
    return IntStream.rangeClosed(sigmaSchedule.first() + 1, sigmaSchedule.last())
        .filter(i -> sigmaSchedule.at(i).sigma() == sigmaSchedule.at(i - 1).sigma())
        .mapToDouble(i -> sigmaSchedule.at(i).sigma())
        .findFirst();
  }

  private int firstStep(PlanRequest request, SigmaSchedule sigmaSchedule) {
    if (request.denoisingStart() == 0) {
      // Sigmas of the caller have one step each, or one step less if the last sigma is the end.
      boolean own = request.sigmas().length > 0 || request.timesteps().length > 0;
      return Math.min(
          own ? request.firstStep(sigmaSchedule.size()) : request.firstStep(),
          sigmaSchedule.size());
    }
    List<Step> all =
        rows(request, sigmaSchedule, new PlanBuilder(network.scaling(), network.clipping()));
    int left = (int) all.stream()
        .filter(row -> row.timestep() < request.startTimestep(network.length()))
        .count();
    int odd = rowsPerStep == 2 && left % 2 == 0 ? left + 1 : left;
    return Math.max(0, all.size() - odd) / rowsPerStep;
  }

  @Override
  public NoiseSchedule noiseSchedule() {
    if (isContinuous()) {
      throw new IllegalStateException(
          "this scheduler has no noise schedule of betas, because its networks are"
              + " trained on continuous noise levels; use the sigmas of its plan");
    }
    return network.noiseSchedule();
  }

  @Override
  public boolean isContinuous() {
    return network.noiseSchedule() == null;
  }

  @Override
  public Prediction prediction() {
    return network.prediction();
  }

  /** Checks of a request that several classes share. */
  static final class Requests {
    private Requests() {}

    static void requireSteps(int steps, int least, int most) {
      if (steps < least || steps > most) {
        String range = most == Integer.MAX_VALUE ? "at least " + least : least + " to " + most;
        throw new IllegalArgumentException(
            "this scheduler supports " + range + " steps, got " + steps);
      }
    }

    static void requireNoTimestepsOrSigmas(PlanRequest request, String owner) {
      requireNoTimesteps(request, owner);
      requireNoSigmas(request, owner);
    }

    static void requireNoTimesteps(PlanRequest request, String owner) {
      if (request.timesteps().length > 0) {
        throw new IllegalArgumentException(
            owner + " computes its own timesteps; leave timesteps out");
      }
    }

    /** Checks that the caller's timesteps descend and are in the trained range. */
    static double[] requireDescending(double[] timesteps, int trained) {
      for (int i = 0; i < timesteps.length; i++) {
        double above = i == 0 ? trained : timesteps[i - 1];
        if (!(timesteps[i] < above && timesteps[i] >= 0)) {
          throw new IllegalArgumentException("timesteps must descend within 0.." + (trained - 1)
              + ", got " + timesteps[i] + (i == 0 ? " as the first" : " after " + above));
        }
      }
      return timesteps;
    }

    static void requireNoSigmas(PlanRequest request, String owner) {
      if (request.sigmas().length > 0) {
        throw new IllegalArgumentException(owner + " computes its own sigmas; leave sigmas out");
      }
    }
  }
}
