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
 * @param trainedSigmas the sigmas that the network knows
 * @param prediction what it answers
 * @param clipping what is done to its denoised predictions
 * @param sigmaSchedule how a run's sigmas are chosen
 * @param solver the algorithm
 */
public record CustomScheduler(
    TrainedSigmas trainedSigmas,
    Prediction prediction,
    Clipping clipping,
    SigmaScheduleKind sigmaSchedule,
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
        table, prediction, Clipping.NONE, SigmaScheduleKind.NORMAL, (sigmaSchedule, draft) -> {
          throw new IllegalStateException("no solver was chosen; call by(solver)");
        });
  }

  /** The same with another shape of ladder. */
  public CustomScheduler withSigmaSchedule(SigmaScheduleKind shape) {
    return new CustomScheduler(trainedSigmas, prediction, clipping, shape, solver);
  }

  /** The same with another solver. */
  public CustomScheduler withSolver(Solver solver) {
    return new CustomScheduler(trainedSigmas, prediction, clipping, sigmaSchedule, solver);
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
        request.sigmas().length > 0 ? request.sigmas() : descendingSigmas(request.steps());
    double[] timesteps =
        Sigmas.map(Arrays.copyOf(sigmas, sigmas.length - 1), trainedSigmas::timestep);
    SigmaSchedule sigmaSchedule = SigmaSchedule.of(
        timesteps, Arrays.stream(sigmas).mapToObj(trainedSigmas::level).toList());
    int trained = trainedSigmas.sigmas().length;
    int above = (int) Arrays.stream(timesteps)
        .filter(timestep -> timestep >= request.startTimestep(trained))
        .count();
    SigmaSchedule begun = sigmaSchedule.from(
        request.denoisingStart() > 0 ? above : request.firstStep(sigmaSchedule.size()));
    var draft = new PlanBuilder(prediction::scaling, clipping);
    List<Step> rows = draft.build(solver.solve(begun, draft));
    if (request.denoisingEnd() < 1) {
      rows = rows.stream()
          .takeWhile(row -> row.timestep() >= request.endTimestep(trained))
          .toList();
    }
    NoiseLevel start = begun.start();
    double noise = draft.startNoise(start.sigma());
    return new SamplingPlan(
        rows,
        new SamplingPlan.Start(start.alpha(), noise),
        begun.first() == 0 ? noise : sigmaSchedule.at(0).sigma());
  }

  private double[] descendingSigmas(int steps) {
    double[] sigmas = sigmaSchedule.sigmas(trainedSigmas, steps);
    for (int i = 1; i < sigmas.length; i++) {
      if (!(sigmas[i] < sigmas[i - 1])) {
        throw new IllegalArgumentException("ladder " + sigmaSchedule + " of " + steps
            + " steps repeats sigma " + sigmas[i] + "; the network knows "
            + trainedSigmas.sigmas().length
            + " levels, ask for at most so many steps");
      }
    }
    return sigmas;
  }

  @Override
  public NoiseSchedule noiseSchedule() {
    throw new IllegalStateException(
        "a SigmaScheduler knows sigmas, not betas; ask the NoiseSchedule it was made of");
  }
}
