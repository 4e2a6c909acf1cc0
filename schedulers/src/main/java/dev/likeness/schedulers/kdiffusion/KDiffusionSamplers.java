package dev.likeness.schedulers.kdiffusion;

import dev.likeness.schedulers.LadderShape;
import dev.likeness.schedulers.LevelTable;
import dev.likeness.schedulers.NoiseSchedule;
import dev.likeness.schedulers.Options;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.Prediction;
import dev.likeness.schedulers.SamplingPlan;
import dev.likeness.schedulers.Scheduler;
import dev.likeness.schedulers.SchedulerProvider;
import dev.likeness.schedulers.SigmaScheduler;
import dev.likeness.schedulers.Solver;
import dev.likeness.schedulers.solvers.Churn;
import dev.likeness.schedulers.solvers.Dpm2;
import dev.likeness.schedulers.solvers.Dpm2Ancestral;
import dev.likeness.schedulers.solvers.DpmPlusPlus2SAncestral;
import dev.likeness.schedulers.solvers.DpmPlusPlusMSde;
import dev.likeness.schedulers.solvers.DpmPlusPlusSde;
import dev.likeness.schedulers.solvers.Euler;
import dev.likeness.schedulers.solvers.EulerAncestral;
import dev.likeness.schedulers.solvers.FlowDpm2Ancestral;
import dev.likeness.schedulers.solvers.FlowDpmPlusPlus2SAncestral;
import dev.likeness.schedulers.solvers.FlowEulerAncestral;
import dev.likeness.schedulers.solvers.GradientEstimation;
import dev.likeness.schedulers.solvers.Heun;
import dev.likeness.schedulers.solvers.Lms;
import dev.likeness.schedulers.solvers.ResMultistep;
import dev.likeness.schedulers.solvers.Solvers;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiFunction;

/** k-diffusion's samplers by name; networks trained on betas unless the name ends in {@code _RF}. */
public final class KDiffusionSamplers implements SchedulerProvider {
  private static final Map<String, BiFunction<Options, LevelTable, Solver>> SAMPLERS = samplers();

  @Override public Set<String> classNames() {
    return Collections.unmodifiableSet(SAMPLERS.keySet());
  }

  @Override public Options defaults(String className) {
    Map<String, Object> options = new HashMap<>();
    options.put("ladder", null);
    options.put("eta", "sample_dpm_fast".equals(className) ? 0.0 : 1.0);
    options.put("s_noise", 1.0);
    if (className.endsWith("_RF")) {
      options.putAll(Map.of("num_train_timesteps", 1000, "shift", 1.0));
      return new Options(className, options);
    }
    options.putAll(Map.of("num_train_timesteps", 1000, "beta_start", 0.00085, "beta_end", 0.012,
        "beta_schedule", "scaled_linear", "prediction_type", "epsilon", "use_karras_sigmas", false,
        "use_exponential_sigmas", false, "use_beta_sigmas", false, "rescale_betas_zero_snr", false));
    options.putAll(Map.of("s_churn", 0.0, "s_tmin", 0.0, "s_tmax", "Infinity", "order", 4, "solver_type", "midpoint",
        "ge_gamma", 2.0));
    options.put("trained_betas", null);
    return new Options(className, options);
  }

  @Override public Scheduler configure(String className, Options options) {
    NoiseSchedule schedule = className.endsWith("_RF") ? null : schedule(options);
    LevelTable table = schedule == null
        ? LevelTable.flow(options.integer("num_train_timesteps"), options.number("shift")) : LevelTable.of(schedule);
    Prediction prediction = schedule == null ? Prediction.FLOW : Prediction.parse(options.text("prediction_type"));
    SAMPLERS.get(className).apply(options, table);   // refuses options before a plan is asked for
    return new Sampler(className, options, SigmaScheduler.of(table, prediction).on(shape(options)), schedule);
  }

  private static NoiseSchedule schedule(Options options) {
    NoiseSchedule schedule = NoiseSchedule.of(options);
    return options.flag("rescale_betas_zero_snr")
        ? schedule.rescaleZeroTerminalSnr().endingAt(NoiseSchedule.SMALLEST_SIGNAL) : schedule;
  }

  private static LadderShape shape(Options options) {
    if (options.isSet("ladder")) {
      return LadderShape.parse(options.text("ladder"));
    }
    return options.flag("use_karras_sigmas") ? LadderShape.KARRAS
        : options.flag("use_exponential_sigmas") ? LadderShape.EXPONENTIAL
        : options.flag("use_beta_sigmas") ? LadderShape.BETA : LadderShape.NORMAL;
  }

  private static Map<String, BiFunction<Options, LevelTable, Solver>> samplers() {
    Map<String, BiFunction<Options, LevelTable, Solver>> samplers = new TreeMap<>();
    samplers.put("sample_euler", (o, t) -> new Euler(churn(o, t)));
    samplers.put("sample_euler_ancestral", (o, t) -> new EulerAncestral(eta(o), noise(o)));
    samplers.put("sample_heun", (o, t) -> new Heun(churn(o, t)));
    samplers.put("sample_dpm_2", (o, t) -> new Dpm2(churn(o, t), t::timestep));
    samplers.put("sample_dpm_2_ancestral", (o, t) -> new Dpm2Ancestral(eta(o), noise(o), t::timestep));
    samplers.put("sample_lms", (o, t) -> new Lms(o.integer("order")));
    samplers.put("sample_dpmpp_2m", (o, t) -> Solvers.DPM_PLUS_PLUS_2M);
    samplers.put("sample_dpmpp_2s_ancestral", (o, t) -> new DpmPlusPlus2SAncestral(eta(o), noise(o), t::timestep));
    samplers.put("sample_dpmpp_sde", (o, t) -> new DpmPlusPlusSde(eta(o), noise(o), t::timestep));
    samplers.put("sample_dpmpp_2m_sde", (o, t) -> new DpmPlusPlusMSde(2,
        "heun".equals(o.oneOf("solver_type", "midpoint", "heun")), eta(o), noise(o)));
    samplers.put("sample_dpmpp_3m_sde", (o, t) -> new DpmPlusPlusMSde(3, true, eta(o), noise(o)));
    samplers.put("sample_dpm_fast", (o, t) -> null);
    samplers.put("restart_sampler", (o, t) -> null);
    samplers.put("sample_res_multistep", (o, t) -> new ResMultistep(0, 1));
    samplers.put("sample_res_multistep_ancestral", (o, t) -> new ResMultistep(eta(o), noise(o)));
    samplers.put("sample_gradient_estimation", (o, t) -> new GradientEstimation(o.number("ge_gamma")));
    samplers.put("sample_euler_ancestral_RF", (o, t) -> new FlowEulerAncestral(eta(o), noise(o)));
    samplers.put("sample_dpm_2_ancestral_RF", (o, t) -> new FlowDpm2Ancestral(eta(o), noise(o), t::timestep));
    samplers.put("sample_dpmpp_2s_ancestral_RF", (o, t) -> new FlowDpmPlusPlus2SAncestral(eta(o), noise(o),
        t::timestep));
    return samplers;
  }

  private static double eta(Options options) {
    return options.number("eta");
  }

  private static double noise(Options options) {
    return options.number("s_noise");
  }

  private static Churn churn(Options o, LevelTable table) {
    return new Churn(o.number("s_churn"), o.number("s_tmin"), o.number("s_tmax"), noise(o), table::timestep);
  }

  /**
   * A sampler with its options set.
   *
   * @param className its name
   * @param options its options; the request's eta comes before theirs
   * @param sigmas the ladder, without a solver
   * @param schedule the betas; null for flow
   */
  private record Sampler(String className, Options options, SigmaScheduler sigmas, NoiseSchedule schedule)
      implements Scheduler {
    @Override public SamplingPlan plan(PlanRequest request) {
      Options chosen = options.with(Map.of("eta", request.etaOr(eta(options))));
      return switch (className) {
        case "sample_dpm_fast" -> OwnLadders.fast(sigmas, eta(chosen), noise(chosen), request);
        case "restart_sampler" -> OwnLadders.restart(sigmas, request);
        default -> sigmas.by(SAMPLERS.get(className).apply(chosen, sigmas.table())).plan(request);
      };
    }

    @Override public NoiseSchedule schedule() {
      return schedule == null ? sigmas.schedule() : schedule;
    }

    @Override public Prediction prediction() {
      return sigmas.prediction();
    }
  }
}
