package dev.likeness.schedulers;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/** The names that users of A1111 and ComfyUI know samplers by, as a class and the options that make it that sampler. */
record SamplerName(String className, Map<String, Object> options) {
  private static final List<String> LADDERS =
      List.of("polyexponential", "exponential", "karras", "beta", "lu", "sgmuniform", "simple", "normal",
          "ddimuniform");
  private static final Map<String, Object> ODE =
      Map.of("algorithm_type", "dpmsolver++", "solver_order", 2, "solver_type", "midpoint");
  private static final Map<String, Object> SDE =
      Map.of("algorithm_type", "sde-dpmsolver++", "solver_order", 2, "solver_type", "midpoint");
  private static final Map<String, SamplerName> KNOWN = known();

  /** The sampler of a name; capitals, spaces, hyphens, underscores and {@code ++} or {@code pp} make no difference. */
  static SamplerName of(String name, Set<String> classNames) {
    for (String className : classNames) {
      if (className.equalsIgnoreCase(name)) {
        return new SamplerName(className, Map.of());
      }
    }
    String plain = plain(name);
    if (KNOWN.containsKey(plain)) {
      return KNOWN.get(plain);
    }
    for (String ladder : LADDERS) {
      String stem = plain.endsWith(ladder) ? plain.substring(0, plain.length() - ladder.length()) : "";
      if (KNOWN.containsKey(stem)) {
        return KNOWN.get(stem).on(ladder);
      }
    }
    throw new IllegalArgumentException("sampler " + name + " is unknown; known are " + String.join(", ", classNames)
        + " and " + String.join(", ", KNOWN.keySet())
        + ", the latter also with " + String.join(", ", LADDERS) + " behind");
  }

  private SamplerName on(String ladder) {
    Map<String, Object> more = new LinkedHashMap<>(options);
    if (Character.isLowerCase(className.charAt(0))) {
      more.put("ladder", ladder.replace("uniform", "_uniform"));
    } else {
      switch (ladder) {
        case "karras", "exponential", "beta" -> {
          Stream.of("karras", "exponential", "beta").forEach(each -> more.put("use_" + each + "_sigmas", false));
          more.put("use_" + ladder + "_sigmas", true);
        }
        case "lu" -> more.put("use_lu_lambdas", true);
        case "sgmuniform", "simple" -> more.put("timestep_spacing", "trailing");
        default -> throw new IllegalArgumentException(className + " has no ladder " + ladder
            + "; it has karras, exponential, beta, lu, sgm_uniform, simple");
      }
    }
    return new SamplerName(className, more);
  }

  private static String plain(String name) {
    String plain = name.toLowerCase(Locale.ROOT).replace("++", "pp").replaceAll("[ _-]", "");
    return plain.startsWith("sample") && !plain.startsWith("sampler") ? plain.substring(6) : plain;
  }

  private static Map<String, SamplerName> known() {
    Map<String, SamplerName> known = new TreeMap<>();
    add(known, "EulerDiscreteScheduler", Map.of(), "euler");
    add(known, "EulerAncestralDiscreteScheduler", Map.of(), "eulera", "eulerancestral");
    add(known, "HeunDiscreteScheduler", Map.of(), "heun");
    add(known, "LMSDiscreteScheduler", Map.of(), "lms");
    add(known, "KDPM2DiscreteScheduler", Map.of(), "dpm2");
    add(known, "KDPM2AncestralDiscreteScheduler", Map.of(), "dpm2a", "dpm2ancestral");
    add(known, "DDPMScheduler", Map.of(), "ddpm");
    add(known, "DDIMScheduler", Map.of(), "ddim");
    add(known, "PNDMScheduler", Map.of("skip_prk_steps", true), "plms");
    add(known, "PNDMScheduler", Map.of(), "pndm");
    add(known, "IPNDMScheduler", Map.of(), "ipndm");
    add(known, "DEISMultistepScheduler", Map.of(), "deis");
    add(known, "UniPCMultistepScheduler", Map.of(), "unipc");
    add(known, "SASolverScheduler", Map.of(), "sasolver");
    add(known, "LCMScheduler", Map.of(), "lcm");
    add(known, "TCDScheduler", Map.of(), "tcd");
    add(known, "DPMSolverMultistepScheduler", ODE, "dpmpp2m");
    add(known, "DPMSolverMultistepScheduler", Map.of("algorithm_type", "dpmsolver++", "solver_order", 3), "dpmpp3m");
    add(known, "DPMSolverMultistepScheduler", SDE, "dpmpp2msde", "dpmpp2msdegpu");
    add(known, "DPMSolverMultistepScheduler",
        Map.of("algorithm_type", "sde-dpmsolver++", "solver_order", 2, "solver_type", "heun"), "dpmpp2msdeheun");
    add(known, "DPMSolverSDEScheduler", Map.of(), "dpmppsde", "dpmppsdegpu");
    add(known, "DPMSolverSinglestepScheduler", ODE, "dpmpp2s");
    add(known, "sample_dpmpp_2s_ancestral", Map.of(), "dpmpp2sa", "dpmpp2sancestral");
    add(known, "sample_dpmpp_3m_sde", Map.of(), "dpmpp3msde", "dpmpp3msdegpu");
    add(known, "sample_dpm_fast", Map.of(), "dpmfast");
    add(known, "restart_sampler", Map.of(), "restart");
    add(known, "sample_res_multistep", Map.of(), "resmultistep");
    add(known, "sample_res_multistep_ancestral", Map.of(), "resmultistepancestral");
    add(known, "sample_gradient_estimation", Map.of(), "gradientestimation");
    return known;
  }

  private static void add(Map<String, SamplerName> known, String className, Map<String, Object> options,
      String... names) {
    for (String name : names) {
      known.put(name, new SamplerName(className, options));
    }
  }
}
