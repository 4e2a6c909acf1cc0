package dev.likeness.schedulers;

import dev.likeness.schedulers.internal.Sigmas;
import java.util.Arrays;
import java.util.List;

/**
 * A scheduler that combines a solver with a sigma schedule, as in k-diffusion and ComfyUI.
 *
 * <pre>{@code
 * CustomScheduler karras = CustomScheduler.stableDiffusion(Prediction.EPSILON)
 *     .withSigmaSchedule(SigmaScheduleKind.KARRAS)
 *     .withSolver(Solvers.DPM_PLUS_PLUS_2M);
 * System.out.println(karras.plan(PlanRequest.of(20)));
 * }</pre>
 *
 * @param trainedSigmas the sigmas and timesteps that the network was trained at
 * @param prediction the kind of value that the network predicts
 * @param clipping the clipping of denoised predictions
 * @param sigmaSchedule the kind of sigma schedule that a generation uses
 * @param solver the update rule of a step, such as Euler
 */
public record CustomScheduler(
    TrainedSigmas trainedSigmas,
    Prediction prediction,
    Clipping clipping,
    SigmaScheduleKind sigmaSchedule,
    Solver solver)
    implements Scheduler {
  /**
   * {@return a scheduler for the noise schedule of Stable Diffusion 1 and 2 and SDXL} The scheduler
   * has the sigma schedule {@link SigmaScheduleKind#NORMAL} and no solver. Without a solver, its
   * {@code plan} methods throw {@link IllegalStateException}. {@link #withSolver} returns a copy
   * with a solver.
   *
   * @param prediction the kind of value that the network predicts
   */
  public static CustomScheduler stableDiffusion(Prediction prediction) {
    return of(TrainedSigmas.of(NoiseSchedule.stableDiffusion()), prediction);
  }

  /**
   * {@return a scheduler for rectified-flow networks such as SD3 and FLUX} The scheduler has the
   * sigma schedule {@link SigmaScheduleKind#NORMAL} and no solver. Without a solver, its
   * {@code plan} methods throw {@link IllegalStateException}. {@link #withSolver} returns a copy
   * with a solver.
   *
   * @param shift the shift of the sigmas towards noise, above 0; 1 means no shift
   */
  public static CustomScheduler flow(double shift) {
    return of(TrainedSigmas.flow(1000, shift), Prediction.FLOW);
  }

  /**
   * {@return a scheduler for networks that were trained at the given sigmas} The scheduler has the
   * sigma schedule {@link SigmaScheduleKind#NORMAL} and no solver. Without a solver, its
   * {@code plan} methods throw {@link IllegalStateException}. {@link #withSolver} returns a copy
   * with a solver.
   *
   * @param table the sigmas and timesteps that the network was trained at
   * @param prediction the kind of value that the network predicts
   */
  public static CustomScheduler of(TrainedSigmas table, Prediction prediction) {
    return new CustomScheduler(
        table, prediction, Clipping.NONE, SigmaScheduleKind.NORMAL, (sigmaSchedule, draft) -> {
          throw new IllegalStateException("the scheduler has no solver; call withSolver");
        });
  }

  /**
   * {@return a copy of this scheduler with the given sigma schedule}
   *
   * @param shape the kind of sigma schedule
   */
  public CustomScheduler withSigmaSchedule(SigmaScheduleKind shape) {
    return new CustomScheduler(trainedSigmas, prediction, clipping, shape, solver);
  }

  /**
   * {@return a copy of this scheduler with the given solver}
   *
   * @param solver the update rule of a step, such as Euler
   */
  public CustomScheduler withSolver(Solver solver) {
    return new CustomScheduler(trainedSigmas, prediction, clipping, sigmaSchedule, solver);
  }

  /**
   * {@return a plan with the given number of steps that starts from pure noise}
   *
   * @param steps the number of steps, at least 1
   * @throws IllegalArgumentException if the number is less than 1; if the sigma schedule does not
   *     support this number of steps; if the network predicts flow and the sigma schedule has
   *     sigmas above 1; or if the solver does not support the sigma schedule
   * @throws IllegalStateException if the scheduler has no solver
   */
  public SamplingPlan plan(int steps) {
    return plan(PlanRequest.of(steps));
  }

  @Override
  public SamplingPlan plan(PlanRequest request) {
    if (request.timesteps().length > 0) {
      throw new IllegalArgumentException(
          "a CustomScheduler computes its own timesteps; give sigmas, or leave timesteps out");
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
    SigmaSchedule entered = sigmaSchedule.from(
        request.denoisingStart() > 0 ? above : request.firstStep(sigmaSchedule.size()));
    var draft = new PlanBuilder(prediction::scaling, clipping);
    List<Step> rows = draft.build(solver.solve(entered, draft));
    if (request.denoisingEnd() < 1) {
      rows = rows.stream()
          .takeWhile(row -> row.timestep() >= request.endTimestep(trained))
          .toList();
    }
    NoiseLevel start = entered.start();
    double noise = draft.startNoise(start.sigma());
    return new SamplingPlan(
        rows,
        new SamplingPlan.Start(start.alpha(), noise),
        entered.first() == 0 ? noise : sigmaSchedule.at(0).sigma());
  }

  private double[] descendingSigmas(int steps) {
    double[] sigmas = sigmaSchedule.sigmas(trainedSigmas, steps);
    for (int i = 1; i < sigmas.length; i++) {
      if (!(sigmas[i] < sigmas[i - 1])) {
        throw new IllegalArgumentException("sigma schedule " + sigmaSchedule + " of " + steps
            + " steps repeats sigma " + sigmas[i]
            + "; use fewer steps (at most " + trainedSigmas.sigmas().length
            + ", the number of trained sigmas)");
      }
    }
    return sigmas;
  }

  /**
   * Throws an exception, because a custom scheduler has sigmas and no betas.
   *
   * @throws IllegalStateException always
   */
  @Override
  public NoiseSchedule noiseSchedule() {
    throw new IllegalStateException(
        "a CustomScheduler has sigmas and no betas; use the NoiseSchedule that it was created"
            + " from");
  }
}
