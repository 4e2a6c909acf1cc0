package dev.likeness.diffusion.internal.pipeline;

import dev.likeness.diffusion.internal.family.FlowPlan;
import dev.likeness.diffusion.internal.family.OpenModel;
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
import java.util.Map;
import java.util.OptionalDouble;

/**
 * Stage 4: the sampling plan of a request, from its scheduler and the family's adjustments.
 *
 * @param defaults the base's default options
 */
record SamplingPlanning(OpenModel model, GenerationDefaults defaults) {
  /** A plan of so many steps adds noise if its scheduler has an eta above 0. */
  private static final int MIN_NOISY_STEPS = 3;

  /**
   * The plan of a completed request.
   *
   * @throws IllegalArgumentException if the scheduler cannot plan it, or no steps are left
   */
  SamplingPlan plan(ImageRequest request) {
    Scheduler own = request.sampling().customScheduler().orElse(null);
    SchedulerConfig scheduler = scheduler(request);
    double strength = request.initialImage().isEmpty() || request.denoisingStart() > 0
        ? 1
        : request.initialImage().orElseThrow().strength().getAsDouble();
    PlanRequest usual = planRequest(request.sampling())
        .strength(strength)
        .denoisingRange(request.denoisingStart(), request.denoisingEnd());
    OptionalDouble eta = eta(request, scheduler);
    PlanRequest plain = eta.isPresent() ? usual.eta(eta.getAsDouble()) : usual;
    PlanRequest planned = model.adjustPlan(plain, request, scheduler);
    // A family's sigmas are defined for diffusers' classes; any other scheduler makes its own.
    boolean ofConfig = own == null || own instanceof SchedulerConfig;
    SamplingPlan plan =
        ofConfig ? scheduler.plan(planned) : own.plan(FlowPlan.withSigmas(planned, plain.sigmas()));
    requireEta(request.eta().orElse(0), ofConfig ? scheduler : own, planned);
    if (plan.size() == 0) {
      throw new IllegalArgumentException(
          "no step is left of " + request.steps().getAsInt() + " at strength " + strength
              + " and denoising range " + request.denoisingStart() + ".." + request.denoisingEnd()
              + "; use more steps or a larger strength");
    }
    return plan;
  }

  /** Refuses an eta above 0 that does not change the plan, because the scheduler has none. */
  private static void requireEta(double eta, Scheduler scheduler, PlanRequest planned) {
    int steps = planned.steps();
    boolean given = planned.timesteps().length + planned.sigmas().length > 0;
    // The last step adds no noise in any case.
    PlanRequest own = PlanRequest.of(Math.max(steps, MIN_NOISY_STEPS));
    PlanRequest whole = given
        ? planned.strength(1).denoisingRange(0, 1)
        : planned.mu().isPresent() ? own.mu(planned.mu().getAsDouble()) : own;
    if (eta > 0
        && whole.steps() >= MIN_NOISY_STEPS
        && scheduler.plan(whole.eta(0)).equals(scheduler.plan(whole.eta(eta)))) {
      String name = scheduler instanceof SchedulerConfig config
          ? "the scheduler " + config.className()
          : "the given scheduler";
      throw new IllegalArgumentException(name + " has no eta, got eta " + eta
          + "; leave eta out, or use a scheduler with eta, such as DDIM");
    }
  }

  private static PlanRequest planRequest(SamplingOptions options) {
    return !options.hasCustomSchedule()
        ? PlanRequest.of(options.steps().getAsInt())
        : options.timesteps().isEmpty()
            ? PlanRequest.ofSigmas(toArray(options.sigmas()))
            : PlanRequest.ofTimesteps(toArray(options.timesteps()));
  }

  private static double[] toArray(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }

  private SchedulerConfig scheduler(ImageRequest request) {
    SchedulerConfig base = model.scheduler();
    Scheduler custom = request.sampling().customScheduler().orElse(null);
    Map<String, Object> options = request.sampling().schedulerOptions();
    if (!options.isEmpty() && custom != null && !(custom instanceof SchedulerConfig)) {
      throw new IllegalArgumentException("scheduler options " + options.keySet()
          + " need a scheduler with a config; leave them out, or set them in the given scheduler");
    }
    SchedulerConfig chosen = custom instanceof SchedulerConfig config
        ? config
        : request.scheduler().map(base::withCompatible).orElse(base);
    SchedulerConfig changed = options.isEmpty() ? chosen : chosen.withOptions(options);
    return request.eta().isEmpty() || !changed.options().has("eta")
        ? changed
        : changed.with("eta", request.eta().getAsDouble());
  }

  /** The share of each step's noise that is fresh, 0..1; empty if a custom scheduler decides. */
  OptionalDouble eta(ImageRequest request) {
    SchedulerConfig scheduler = scheduler(request);
    OptionalDouble eta = eta(request, scheduler);
    return eta.isPresent() || !scheduler.options().has("eta")
        ? eta
        : OptionalDouble.of(scheduler.options().number("eta", 0));
  }

  // The default of diffusers' pipelines is 0. A base's own scheduler has its config's eta; a
  // scheduler with an eta option and a custom scheduler keep theirs.
  private OptionalDouble eta(ImageRequest request, SchedulerConfig scheduler) {
    double usual = request.scheduler().isEmpty() ? defaults.eta() : 0;
    boolean keeps =
        request.sampling().customScheduler().isPresent() || scheduler.options().has("eta");
    return request.eta().isPresent() || keeps ? request.eta() : OptionalDouble.of(usual);
  }

  /**
   * The positions of rows in prompts that change over the steps. As in the web UI, image-to-image
   * starts inside the schedule of all steps, and a second pass has its own schedule.
   *
   * @param first the first pass's request for a second pass, else null
   * @param rows the number of rows of the plan
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
    return plan(request.withoutInitialImage().denoisingRange(from, 1)).size();
  }
}
