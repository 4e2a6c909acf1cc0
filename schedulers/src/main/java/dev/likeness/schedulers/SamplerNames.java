package dev.likeness.schedulers;

import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Names of A1111, ComfyUI and k-diffusion in normalised form: {@code dpmpp2m} for {@code DPM++ 2M}.
 */
final class SamplerNames {
  private static final Map<String, Object> ODE =
      Map.of("algorithm_type", "dpmsolver++", "solver_order", 2, "solver_type", "midpoint");
  private static final Map<String, Object> SDE =
      Map.of("algorithm_type", "sde-dpmsolver++", "solver_order", 2, "solver_type", "midpoint");
  private static final Map<String, Object> SDE_HEUN =
      Map.of("algorithm_type", "sde-dpmsolver++", "solver_order", 2, "solver_type", "heun");

  /** Schedulers by normalised name. */
  static final Map<String, SamplerName> KNOWN = known();

  private SamplerNames() {}

  /**
   * Returns a name in normalised form, without k-diffusion's prefix {@code sample_} and A1111's
   * {@code k_}.
   */
  static String normalize(String name) {
    String plain = name.toLowerCase(Locale.ROOT).replace("++", "pp").replaceAll("[ _-]", "");
    if (plain.startsWith("sample") && !plain.startsWith("sampler")) {
      return plain.substring(6);
    }
    return name.toLowerCase(Locale.ROOT).startsWith("k_") ? plain.substring(1) : plain;
  }

  private static Map<String, SamplerName> known() {
    Map<String, SamplerName> known = new TreeMap<>();
    add(known, "EulerDiscreteScheduler", Map.of(), "sample_euler", "euler");
    add(
        known,
        "EulerAncestralDiscreteScheduler",
        Map.of(),
        "sample_euler_ancestral",
        "eulera",
        "eulerancestral");
    add(known, "HeunDiscreteScheduler", Map.of(), "sample_heun", "heun");
    add(known, "LMSDiscreteScheduler", Map.of(), "sample_lms", "lms");
    add(known, "KDPM2DiscreteScheduler", Map.of(), "sample_dpm_2", "dpm2");
    add(
        known,
        "KDPM2AncestralDiscreteScheduler",
        Map.of(),
        "sample_dpm_2_ancestral",
        "dpm2a",
        "dpm2ancestral");
    // The same posterior on another sigma schedule.
    add(known, "DDPMScheduler", Map.of(), "sample_euler_ancestral", "ddpm");
    add(known, "DDIMScheduler", Map.of(), "sample_euler", "ddim");
    add(known, "PNDMScheduler", Map.of("skip_prk_steps", true), "", "plms");
    add(known, "PNDMScheduler", Map.of(), "", "pndm");
    add(
        known,
        "DEISMultistepScheduler",
        Map.of("algorithm_type", "deis", "solver_type", "logrho"),
        "sample_deis",
        "deis");
    add(
        known,
        "UniPCMultistepScheduler",
        Map.of("solver_type", "bh1"),
        "sample_uni_pc",
        "unipc",
        "unipcbh1");
    add(
        known,
        "UniPCMultistepScheduler",
        Map.of("solver_type", "bh2"),
        "sample_uni_pc_bh2",
        "unipcbh2");
    add(
        known,
        "SASolverScheduler",
        Map.of("algorithm_type", "data_prediction"),
        "sample_sa_solver",
        "sasolver");
    add(known, "LCMScheduler", Map.of(), "sample_lcm", "lcm");
    add(known, "TCDScheduler", Map.of(), "", "tcd");
    add(known, "DPMSolverMultistepScheduler", ODE, "sample_dpmpp_2m", "dpmpp2m");
    add(
        known,
        "DPMSolverMultistepScheduler",
        Map.of("algorithm_type", "dpmsolver++", "solver_order", 3),
        "",
        "dpmpp3m");
    add(
        known,
        "DPMSolverMultistepScheduler",
        SDE,
        "sample_dpmpp_2m_sde",
        "dpmpp2msde",
        "dpmpp2msdegpu");
    add(
        known,
        "DPMSolverMultistepScheduler",
        SDE_HEUN,
        "sample_dpmpp_2m_sde",
        "dpmpp2msdeheun",
        "dpmpp2msdeheungpu");
    add(known, "DPMSolverSDEScheduler", Map.of(), "sample_dpmpp_sde", "dpmppsde", "dpmppsdegpu");
    add(known, "DPMSolverSinglestepScheduler", ODE, "", "dpmpp2s");
    add(known, "sample_ipndm", "ipndm");
    add(known, "sample_ipndm_v", "ipndmv");
    add(known, "sample_heunpp2", "heunpp2");
    add(known, "sample_er_sde", "ersde");
    add(known, "sample_seeds_2", "seeds2");
    add(known, "sample_seeds_3", "seeds3");
    add(known, "sample_exp_heun_2_x0", "expheun2x0");
    add(known, "sample_exp_heun_2_x0_sde", "expheun2x0sde");
    add(known, "sample_sa_solver_pece", "sasolverpece");
    add(known, "sample_dpmpp_2s_ancestral", "dpmpp2sa", "dpmpp2sancestral");
    add(known, "sample_dpmpp_3m_sde", "dpmpp3msde", "dpmpp3msdegpu");
    add(known, "sample_dpm_fast", "dpmfast");
    add(known, "restart_sampler", "restart");
    add(known, "sample_res_multistep", "resmultistep");
    add(known, "sample_res_multistep_ancestral", "resmultistepancestral");
    add(known, "sample_gradient_estimation", "gradientestimation");
    add(known, "sample_euler_cfg_pp", "eulercfgpp");
    add(known, "sample_ddim_cfg_pp", "ddimcfgpp");
    add(known, "sample_euler_ancestral_cfg_pp", "eulerancestralcfgpp");
    add(known, "sample_dpmpp_2m_cfg_pp", "dpmpp2mcfgpp");
    add(known, "sample_dpmpp_2s_ancestral_cfg_pp", "dpmpp2sancestralcfgpp");
    add(known, "sample_res_multistep_cfg_pp", "resmultistepcfgpp");
    add(known, "sample_res_multistep_ancestral_cfg_pp", "resmultistepancestralcfgpp");
    add(known, "sample_gradient_estimation_cfg_pp", "gradientestimationcfgpp");
    return known;
  }

  private static void add(Map<String, SamplerName> known, String kDiffusion, String... names) {
    add(known, kDiffusion, Map.of(), kDiffusion, names);
  }

  private static void add(
      Map<String, SamplerName> known,
      String className,
      Map<String, Object> options,
      String kDiffusionName,
      String... names) {
    for (String name : names) {
      known.put(name, new SamplerName(className, options, kDiffusionName, ""));
    }
  }
}
