package dev.likeness.schedulers;

import java.util.Arrays;
import java.util.List;

/**
 * A solver on a ladder of sigmas, as k-diffusion and ComfyUI put them together; the typed way to
 * build a scheduler.
 *
 * <pre>{@code
 * var karras = SigmaScheduler.stableDiffusion(Prediction.EPSILON).on(LadderShape.KARRAS).by(Solvers.DPM_PLUS_PLUS_2M);
 * System.out.println(karras.plan(PlanRequest.of(20)));
 * }</pre>
 *
 * @param table the sigmas that the network knows
 * @param prediction what it answers
 * @param clipping what is done to its denoised predictions
 * @param shape how a run's sigmas are chosen
 * @param solver the algorithm
 */
public record CustomScheduler(
    TrainedSigmas table,
    Prediction prediction,
    Clipping clipping,
    SigmaScheduleKind shape,
    Solver solver)
    implements Scheduler {
  /**
   * Networks trained on the schedule of Stable Diffusion 1 and 2 and SDXL; a normal ladder without
   * a solver yet.
   */
  public static CustomScheduler stableDiffusion(Prediction prediction) {
    return of(TrainedSigmas.of(NoiseSchedule.stableDiffusion()), prediction);
  }

  /** Rectified-flow networks such as SD3 and FLUX, with their shift. */
  public static CustomScheduler flow(double shift) {
    return of(TrainedSigmas.flow(1000, shift), Prediction.FLOW);
  }

  /** Networks that know these sigmas; a normal ladder without a solver yet. */
  public static CustomScheduler of(TrainedSigmas table, Prediction prediction) {
    return new CustomScheduler(
        table, prediction, Clipping.NONE, SigmaScheduleKind.NORMAL, (ladder, draft) -> {
          throw new IllegalStateException("no solver was chosen; call by(solver)");
        });
  }

  /** The same with another shape of ladder. */
  public CustomScheduler on(SigmaScheduleKind shape) {
    return new CustomScheduler(table, prediction, clipping, shape, solver);
  }

  /** The same with another solver. */
  public CustomScheduler by(Solver solver) {
    return new CustomScheduler(table, prediction, clipping, shape, solver);
  }

  /** The plan of so many steps from pure noise. */
  public SamplingPlan plan(int steps) {
    return plan(PlanRequest.of(steps));
  }

  @Override
  public SamplingPlan plan(PlanRequest request) {
    if (request.timesteps().length > 0) {
      throw new IllegalArgumentException(
          "a ladder of sigmas has the timesteps of its sigmas and takes no others; give sigmas");
    }
    double[] sigmas =
        request.sigmas().length > 0 ? request.sigmas() : fallingSigmas(request.steps());
    double[] timesteps = Sigmas.map(Arrays.copyOf(sigmas, sigmas.length - 1), table::timestep);
    SigmaSchedule ladder =
        SigmaSchedule.of(timesteps, Arrays.stream(sigmas).mapToObj(table::level).toList());
    int trained = table.sigmas().length;
    int above = (int) Arrays.stream(timesteps)
        .filter(timestep -> timestep >= request.fromTimestep(trained))
        .count();
    SigmaSchedule begun =
        ladder.from(request.from() > 0 ? above : request.firstStep(ladder.size()));
    var draft = new PlanBuilder(prediction::at, clipping);
    List<Step> rows = draft.rows(solver.solve(begun, draft));
    if (request.until() < 1) {
      rows = rows.stream()
          .takeWhile(row -> row.timestep() >= request.untilTimestep(trained))
          .toList();
    }
    NoiseLevel start = begun.start();
    double noise = draft.startNoise(start.sigma());
    return new SamplingPlan(
        rows,
        new SamplingPlan.Start(start.alpha(), noise),
        begun.first() == 0 ? noise : ladder.at(0).sigma());
  }

  private double[] fallingSigmas(int steps) {
    double[] sigmas = shape.sigmas(table, steps);
    for (int i = 1; i < sigmas.length; i++) {
      if (!(sigmas[i] < sigmas[i - 1])) {
        throw new IllegalArgumentException("ladder " + shape + " of " + steps
            + " steps repeats sigma " + sigmas[i] + "; the network knows " + table.sigmas().length
            + " levels, ask for at most so many steps");
      }
    }
    return sigmas;
  }

  @Override
  public NoiseSchedule schedule() {
    throw new IllegalStateException(
        "a SigmaScheduler knows sigmas, not betas; ask the NoiseSchedule it was made of");
  }
}
