package dev.likeness.schedulers.internal.kdiffusion;

import dev.likeness.schedulers.Options;
import dev.likeness.schedulers.Solver;
import dev.likeness.schedulers.TrainedSigmas;
import dev.likeness.schedulers.solvers.Churn;
import dev.likeness.schedulers.solvers.ConsistencyMultistep;
import dev.likeness.schedulers.solvers.Deis;
import dev.likeness.schedulers.solvers.Dpm2;
import dev.likeness.schedulers.solvers.Dpm2Ancestral;
import dev.likeness.schedulers.solvers.DpmPlusPlus2MCfgPlusPlus;
import dev.likeness.schedulers.solvers.DpmPlusPlus2SAncestral;
import dev.likeness.schedulers.solvers.DpmPlusPlusMSde;
import dev.likeness.schedulers.solvers.DpmPlusPlusSde;
import dev.likeness.schedulers.solvers.DpmSolverMultistep;
import dev.likeness.schedulers.solvers.ErSde;
import dev.likeness.schedulers.solvers.Euler;
import dev.likeness.schedulers.solvers.EulerAncestral;
import dev.likeness.schedulers.solvers.EulerCfgPlusPlus;
import dev.likeness.schedulers.solvers.GradientEstimation;
import dev.likeness.schedulers.solvers.Heun;
import dev.likeness.schedulers.solvers.HeunPlusPlus;
import dev.likeness.schedulers.solvers.Ipndm;
import dev.likeness.schedulers.solvers.Lms;
import dev.likeness.schedulers.solvers.ResMultistep;
import dev.likeness.schedulers.solvers.SaSolver;
import dev.likeness.schedulers.solvers.Seeds2;
import dev.likeness.schedulers.solvers.Seeds3;
import dev.likeness.schedulers.solvers.Solvers;
import dev.likeness.schedulers.solvers.UniPc;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiFunction;

/** The solvers of k-diffusion's samplers, by name, options and trained sigmas. */
final class SamplerTable {
  /** The suffix of the samplers for rectified flow. */
  static final String FLOW_SUFFIX = "_RF";
  /** Samplers by name; null for those that make their own sigma schedule. */
  static final Map<String, BiFunction<Options, TrainedSigmas, Solver>> SAMPLERS = samplers();

  private SamplerTable() {}

  private static Map<String, BiFunction<Options, TrainedSigmas, Solver>> samplers() {
    Map<String, BiFunction<Options, TrainedSigmas, Solver>> any = commonSamplers();
    Map<String, BiFunction<Options, TrainedSigmas, Solver>> samplers = new TreeMap<>(any);
    samplers.put("sample_euler", (o, t) -> new Euler(churn(o, t)));
    samplers.put("sample_euler_ancestral", (o, t) -> new EulerAncestral(eta(o), noiseScale(o)));
    samplers.put("sample_heun", (o, t) -> new Heun(churn(o, t)));
    samplers.put("sample_heunpp2", (o, t) -> new HeunPlusPlus(churn(o, t)));
    samplers.put("sample_dpm_2", (o, t) -> new Dpm2(churn(o, t), t::timestep));
    samplers.put(
        "sample_dpm_2_ancestral", (o, t) -> new Dpm2Ancestral(eta(o), noiseScale(o), t::timestep));
    samplers.put("sample_dpmpp_2m", (o, t) -> Solvers.DPM_PLUS_PLUS_2M);
    samplers.put("sample_dpmpp_2s_ancestral", (o, t) -> dpmPlusPlus2SAncestral(o, t, false));
    samplers.put("sample_dpmpp_2s_ancestral_cfg_pp", (o, t) -> dpmPlusPlus2SAncestral(o, t, true));
    samplers.put(
        "sample_dpmpp_sde", (o, t) -> new DpmPlusPlusSde(eta(o), noiseScale(o), t::timestep));
    samplers.put(
        "sample_dpmpp_2m_sde", (o, t) -> new DpmPlusPlusMSde(2, heun(o), eta(o), noiseScale(o)));
    samplers.put(
        "sample_dpmpp_3m_sde", (o, t) -> new DpmPlusPlusMSde(3, true, eta(o), noiseScale(o)));
    samplers.put(
        "sample_deis",
        (o, t) ->
            new Solver.CleanEnd(new Deis(3, new DpmSolverMultistep.FinalOrder(false, false))));
    samplers.put("sample_uni_pc", (o, t) -> new UniPc(3, true, true, true, Set.of()));
    samplers.put("sample_uni_pc_bh2", (o, t) -> new UniPc(3, false, true, true, Set.of()));
    samplers.put("sample_sa_solver", (o, t) -> saSolver(false));
    samplers.put("sample_sa_solver_pece", (o, t) -> saSolver(true));
    samplers.put("sample_dpm_fast", (o, t) -> null);
    samplers.put("restart_sampler", (o, t) -> null);
    samplers.put(
        "sample_res_multistep_ancestral", (o, t) -> new ResMultistep(eta(o), noiseScale(o), false));
    samplers.put(
        "sample_res_multistep_ancestral_cfg_pp",
        (o, t) -> new ResMultistep(eta(o), noiseScale(o), true));
    any.forEach((name, sampler) -> samplers.put(name + FLOW_SUFFIX, sampler));
    samplers.put("sample_euler" + FLOW_SUFFIX, (o, t) -> new Euler());
    samplers.put("sample_heun" + FLOW_SUFFIX, (o, t) -> new Heun());
    samplers.put("sample_heunpp2" + FLOW_SUFFIX, (o, t) -> new HeunPlusPlus(Churn.NONE));
    samplers.put(
        "sample_dpm_2" + FLOW_SUFFIX,
        (o, t) -> new Dpm2Ancestral.FlowDpm2Ancestral(0, 0, t::timestep));
    samplers.put(
        "sample_euler_ancestral" + FLOW_SUFFIX,
        (o, t) -> new EulerAncestral.FlowEulerAncestral(eta(o), noiseScale(o)));
    samplers.put(
        "sample_dpm_2_ancestral" + FLOW_SUFFIX,
        (o, t) -> new Dpm2Ancestral.FlowDpm2Ancestral(eta(o), noiseScale(o), t::timestep));
    samplers.put(
        "sample_dpmpp_2s_ancestral" + FLOW_SUFFIX,
        (o, t) -> new DpmPlusPlus2SAncestral.FlowDpmPlusPlus2SAncestral(
            eta(o), noiseScale(o), t::timestep));
    return samplers;
  }

  /** The samplers whose formulas are valid for every form of noise levels. */
  private static Map<String, BiFunction<Options, TrainedSigmas, Solver>> commonSamplers() {
    Map<String, BiFunction<Options, TrainedSigmas, Solver>> samplers = new TreeMap<>();
    samplers.put("sample_lms", (o, t) -> new Lms(o.integer("order")));
    samplers.put("sample_ipndm", (o, t) -> new Solver.CleanEnd(new Ipndm()));
    samplers.put("sample_ipndm_v", (o, t) -> new Solver.CleanEnd(new Lms(o.integer("order"))));
    samplers.put("sample_lcm", (o, t) -> new ConsistencyMultistep(false));
    samplers.put("sample_res_multistep", (o, t) -> new ResMultistep(0, 1, false));
    samplers.put("sample_res_multistep_cfg_pp", (o, t) -> new ResMultistep(0, 1, true));
    samplers.put(
        "sample_gradient_estimation",
        (o, t) -> new GradientEstimation(o.number("ge_gamma"), false));
    samplers.put(
        "sample_gradient_estimation_cfg_pp",
        (o, t) -> new GradientEstimation(o.number("ge_gamma"), true));
    samplers.put("sample_euler_cfg_pp", (o, t) -> new EulerCfgPlusPlus(0, 1));
    samplers.put(
        "sample_ddim_cfg_pp",
        (o, t) -> new EulerCfgPlusPlus(0, 1, EulerCfgPlusPlus.WEB_UI_GUIDANCE));
    samplers.put(
        "sample_euler_ancestral_cfg_pp", (o, t) -> new EulerCfgPlusPlus(eta(o), noiseScale(o)));
    samplers.put("sample_dpmpp_2m_cfg_pp", (o, t) -> new DpmPlusPlus2MCfgPlusPlus());
    samplers.put("sample_er_sde", (o, t) -> new ErSde(3, noiseScale(o)));
    samplers.put(
        "sample_seeds_2",
        (o, t) -> new Seeds2(0.5, false, eta(o), noiseScale(o), t::levelOfRatio, t::timestep));
    samplers.put(
        "sample_seeds_3",
        (o, t) -> new Seeds3(eta(o), noiseScale(o), t::levelOfRatio, t::timestep));
    samplers.put(
        "sample_exp_heun_2_x0", (o, t) -> new Seeds2(1, true, 0, 1, t::levelOfRatio, t::timestep));
    samplers.put(
        "sample_exp_heun_2_x0_sde",
        (o, t) -> new Seeds2(1, true, eta(o), noiseScale(o), t::levelOfRatio, t::timestep));
    return samplers;
  }

  private static Solver saSolver(boolean asksAgain) {
    return new SaSolver(
        3, 4, true, true, asksAgain, timestep -> timestep >= 200 && timestep <= 800 ? 1 : 0);
  }

  private static Solver dpmPlusPlus2SAncestral(Options o, TrainedSigmas table, boolean plusPlus) {
    return new DpmPlusPlus2SAncestral(eta(o), noiseScale(o), plusPlus, table::timestep);
  }

  // As in DPM-Solver's class, other classes' solver names stand for the default.
  private static boolean heun(Options o) {
    return "heun".equals(o.oneOf("solver_type", "midpoint", "heun", "logrho", "bh1", "bh2"));
  }

  static double eta(Options options) {
    return options.number("eta");
  }

  static double noiseScale(Options options) {
    return options.number("s_noise");
  }

  private static Churn churn(Options o, TrainedSigmas table) {
    return new Churn(
        o.number("s_churn"),
        o.number("s_tmin"),
        o.number("s_tmax"),
        noiseScale(o),
        table::timestep);
  }
}
