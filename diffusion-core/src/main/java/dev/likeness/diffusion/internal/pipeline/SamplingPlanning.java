package dev.likeness.diffusion.internal.pipeline;

import dev.likeness.diffusion.internal.family.FlowPlan;
import dev.likeness.diffusion.internal.text.PromptSchedule;
import dev.likeness.diffusion.request.GenerationDefaults;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.PromptSyntax;
import dev.likeness.diffusion.request.SamplingOptions;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.SamplingPlan;
import dev.likeness.schedulers.Scheduler;
import dev.likeness.schedulers.SchedulerConfig;
import java.util.List;

/**
 * Stage 3: the sampling plan of a request, by its scheduler and as the family bends it.
 *
 * @param defaults of the base
 */
record SamplingPlanning(PipelineModel model, GenerationDefaults defaults) {
  /**
   * The plan of a completed request.
   *
   * @throws IllegalArgumentException if the scheduler cannot plan it, or no steps are left
   */
  SamplingPlan plan(ImageRequest request) {
    Scheduler own = request.sampling().customScheduler();
    SchedulerConfig scheduler = scheduler(request);
    double strength = request.initialImage() == null || request.denoisingStart() > 0
        ? 1
        : request.initialImage().strength();
    PlanRequest plain = planRequest(request.sampling())
        .strength(strength)
        .denoisingRange(request.denoisingStart(), request.denoisingEnd())
        .eta(eta(request, scheduler));
    PlanRequest planned = model.model().adjustPlan(plain, request, scheduler);
    // A family's sigmas mean what diffusers' classes take them for; a scheduler that is none of
    // these makes its own.
    SamplingPlan plan = own == null || own == scheduler
        ? scheduler.plan(planned)
        : own.plan(FlowPlan.withSigmas(planned, plain.sigmas()));
    if (plan.size() == 0) {
      throw new IllegalArgumentException("strength " + strength + " from "
          + request.denoisingStart() + " until " + request.denoisingEnd() + " leaves none of "
          + request.steps() + " steps to do; ask for more");
    }
    return plan;
  }

  private static PlanRequest planRequest(SamplingOptions options) {
    return !options.hasCustomSchedule()
        ? PlanRequest.of(options.steps())
        : options.timesteps().isEmpty()
            ? PlanRequest.ofSigmas(toArray(options.sigmas()))
            : PlanRequest.ofTimesteps(toArray(options.timesteps()));
  }

  private static double[] toArray(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }

  private SchedulerConfig scheduler(ImageRequest request) {
    SchedulerConfig base = model.model().scheduler();
    return request.sampling().customScheduler() instanceof SchedulerConfig brought
        ? brought
        : request.scheduler() == null ? base : base.withCompatible(request.scheduler());
  }

  /** How much of each step's noise is fresh, 0..1; NaN if the caller's own scheduler decides. */
  double eta(ImageRequest request) {
    SchedulerConfig scheduler = scheduler(request);
    double asked = eta(request, scheduler);
    return Double.isNaN(asked) ? scheduler.options().number("eta", asked) : asked;
  }

  // Without a request's own, diffusers' pipelines ask for none. A base's own scheduler adds what
  // its config says, and a
  // scheduler that has an eta, or that the caller brings, keeps its own.
  private double eta(ImageRequest request, SchedulerConfig scheduler) {
    double usual = request.scheduler() == null ? defaults.eta() : 0;
    boolean keeps =
        request.sampling().customScheduler() != null || scheduler.options().has("eta");
    return Double.isNaN(request.eta()) && !keeps ? usual : request.eta();
  }

  /**
   * Where prompts that change over the steps stand at each row. As in the web interface:
   * image-to-image begins within the schedule of all steps, a second pass has a schedule of its
   * own.
   *
   * @param first request of the first pass, if this one is the second; else null
   * @param rows of the plan
   */
  PromptSchedule promptSchedule(ImageRequest request, ImageRequest first, int rows) {
    if (request.prompts().syntax() == PromptSyntax.PLAIN) {
      return PromptSchedule.of(rows);
    }
    int whole = remainingRows(request, 0);
    return first == null
        ? new PromptSchedule(
            rows, whole, whole - remainingRows(request, request.denoisingStart()), 0)
        : new PromptSchedule(rows, rows, 0, remainingRows(first, 0));
  }

  private int remainingRows(ImageRequest request, double from) {
    return plan(request.initialImage(null).denoisingRange(from, 1)).size();
  }
}
