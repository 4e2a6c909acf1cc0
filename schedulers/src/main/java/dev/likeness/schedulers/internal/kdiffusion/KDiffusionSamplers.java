package dev.likeness.schedulers.internal.kdiffusion;

import dev.likeness.schedulers.CustomScheduler;
import dev.likeness.schedulers.NoiseSchedule;
import dev.likeness.schedulers.Options;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.Prediction;
import dev.likeness.schedulers.SamplingPlan;
import dev.likeness.schedulers.Scheduler;
import dev.likeness.schedulers.SchedulerProvider;
import dev.likeness.schedulers.SigmaScheduleKind;
import dev.likeness.schedulers.TrainedSigmas;
import dev.likeness.schedulers.internal.Sigmas;
import dev.likeness.schedulers.solvers.DpmFast;
import dev.likeness.schedulers.solvers.Restart;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * k-diffusion's samplers by name: for networks trained on betas, or for flow if the name ends in
 * {@code _RF}.
 */
public final class KDiffusionSamplers implements SchedulerProvider {
  @Override
  public Set<String> classNames() {
    return Collections.unmodifiableSet(SamplerTable.SAMPLERS.keySet());
  }

  @Override
  public Options defaults(String className) {
    Map<String, Object> options = new HashMap<>();
    options.put("ladder", null);
    options.put("eta", "sample_dpm_fast".equals(className) ? 0.0 : 1.0);
    options.putAll(Map.of(
        "s_noise",
        1.0,
        "order",
        4,
        "ge_gamma",
        2.0,
        "num_train_timesteps",
        1000,
        "use_karras_sigmas",
        false,
        "use_exponential_sigmas",
        false,
        "use_beta_sigmas",
        false));
    if (className.endsWith(SamplerTable.FLOW_SUFFIX)) {
      options.putAll(
          Map.of("shift", 1.0, "use_dynamic_shifting", false, "time_shift_type", "exponential"));
      options.put("shift_terminal", null);
      return new Options(className, options);
    }
    options.putAll(Map.of(
        "beta_start",
        0.00085,
        "beta_end",
        0.012,
        "beta_schedule",
        "scaled_linear",
        "prediction_type",
        "epsilon",
        "rescale_betas_zero_snr",
        false));
    options.putAll(
        Map.of("s_churn", 0.0, "s_tmin", 0.0, "s_tmax", "Infinity", "solver_type", "midpoint"));
    options.put("trained_betas", null);
    return new Options(className, options);
  }

  @Override
  public boolean makesOwnSigmas(String className, Options options) {
    return true;
  }

  @Override
  public Scheduler configure(String className, Options options) {
    NoiseSchedule schedule =
        className.endsWith(SamplerTable.FLOW_SUFFIX) ? null : schedule(options);
    if (options.number("shift_terminal", 0) != 0) {
      throw new IllegalArgumentException(className + " does not support shift_terminal, got "
          + options.number("shift_terminal")
          + "; set shift_terminal to 0, or use a FlowMatch class or UniPC");
    }
    TrainedSigmas table = schedule == null
        ? flow(options, PlanRequest.FlowShift.of(options))
        : TrainedSigmas.of(schedule);
    Prediction prediction =
        schedule == null ? Prediction.FLOW : Prediction.parse(options.text("prediction_type"));
    SamplerTable.SAMPLERS
        .get(className)
        .apply(options, table); // checks the options before a plan is made
    return new Sampler(
        className,
        options,
        CustomScheduler.of(table, prediction).withSigmaSchedule(sigmaSchedule(options)),
        schedule);
  }

  private static NoiseSchedule schedule(Options options) {
    NoiseSchedule schedule = NoiseSchedule.of(options);
    return options.flag("rescale_betas_zero_snr")
        ? schedule.rescaleZeroTerminalSnr().withLastAlphaBar(NoiseSchedule.MIN_ALPHA_BAR)
        : schedule;
  }

  private static TrainedSigmas flow(Options options, double shift) {
    return TrainedSigmas.flow(options.integer("num_train_timesteps"), shift);
  }

  private static SigmaScheduleKind sigmaSchedule(Options options) {
    if (options.isSet("ladder")) {
      return SigmaScheduleKind.parse(options.text("ladder"));
    }
    return options.flag("use_karras_sigmas")
        ? SigmaScheduleKind.KARRAS
        : options.flag("use_exponential_sigmas")
            ? SigmaScheduleKind.EXPONENTIAL
            : options.flag("use_beta_sigmas")
                ? SigmaScheduleKind.BETA
                : options.has("shift") ? SigmaScheduleKind.SIMPLE : SigmaScheduleKind.NORMAL;
  }

  /**
   * A sampler with its options set.
   *
   * @param className its name
   * @param options its options; the request's eta replaces theirs
   * @param scheduler the sigma schedule, without a solver
   * @param noiseSchedule the betas; null for flow
   */
  private record Sampler(
      String className, Options options, CustomScheduler scheduler, NoiseSchedule noiseSchedule)
      implements Scheduler {
    @Override
    public SamplingPlan plan(PlanRequest request) {
      Options chosen = options.with(Map.of("eta", request.eta().orElse(SamplerTable.eta(options))));
      CustomScheduler sigmas = shiftedScheduler(request);
      return switch (className) {
        case "sample_dpm_fast" ->
          OwnSigmaSchedules.dpmFast(
              sigmas, SamplerTable.eta(chosen), SamplerTable.noiseScale(chosen), request);
        case "restart_sampler" -> OwnSigmaSchedules.restart(sigmas, request);
        default ->
          sigmas
              .withSolver(
                  SamplerTable.SAMPLERS.get(className).apply(chosen, sigmas.trainedSigmas()))
              .plan(request);
      };
    }

    /** The request may set the shift of flow sigmas. */
    private CustomScheduler shiftedScheduler(PlanRequest request) {
      return noiseSchedule != null
          ? scheduler
          : CustomScheduler.of(
                  flow(options, PlanRequest.FlowShift.of(options, request)), Prediction.FLOW)
              .withSigmaSchedule(scheduler.sigmaSchedule());
    }

    @Override
    public NoiseSchedule noiseSchedule() {
      return noiseSchedule == null ? scheduler.noiseSchedule() : noiseSchedule;
    }

    @Override
    public Prediction prediction() {
      return scheduler.prediction();
    }
  }

  /** The samplers that make their own sigma schedule for a number of calls. */
  static final class OwnSigmaSchedules {
    private OwnSigmaSchedules() {}

    /**
     * DPM-Solver-fast: the requested steps are calls, on sigmas uniform in log sigma that end at
     * the lowest trained one.
     */
    static SamplingPlan dpmFast(
        CustomScheduler scheduler, double eta, double noiseScale, PlanRequest request) {
      TrainedSigmas table = scheduler.trainedSigmas();
      double[] known = table.sigmas();
      List<Integer> orders = DpmFast.ordersOf(request.steps());
      double[] sigmas = Sigmas.exponential(known[known.length - 1], known[0], orders.size() + 1);
      return scheduler
          .withSolver(new DpmFast(orders, eta, noiseScale, table::timestep))
          .plan(withSigmas(sigmas, request));
    }

    /**
     * Restart with Stable Diffusion web UI's settings: the requested steps include the repetitions.
     */
    static SamplingPlan restart(CustomScheduler scheduler, PlanRequest request) {
      int steps = request.steps();
      int times = steps >= 36 ? 2 : steps >= 20 ? 1 : 0;
      int each = steps >= 36 ? steps / 4 : 9;
      double[] known = scheduler.trainedSigmas().sigmas();
      double[] sigmas = Sigmas.karras(known[known.length - 1], known[0], steps - each * times);
      var solver = new Restart(0.1, 2, each, times, scheduler.trainedSigmas()::timestep);
      return scheduler
          .withSolver(solver)
          .plan(withSigmas(Arrays.copyOf(sigmas, sigmas.length + 1), request));
    }

    private static PlanRequest withSigmas(double[] sigmas, PlanRequest request) {
      if (request.sigmas().length + request.timesteps().length > 0) {
        throw new IllegalArgumentException(
            "DPM fast and Restart compute their own sigmas and timesteps; leave both out, and give"
                + " a number of steps");
      }
      return PlanRequest.ofSigmas(sigmas)
          .strength(request.strength())
          .denoisingRange(request.denoisingStart(), request.denoisingEnd());
    }
  }
}
