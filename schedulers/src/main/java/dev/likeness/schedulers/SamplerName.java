package dev.likeness.schedulers;

import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The names that users of A1111 and ComfyUI know samplers by, as a class and the options that make it that sampler.
 *
 * @param className the class
 * @param options what is set on it
 * @param twin the k-diffusion sampler of the same algorithm, for ladders that the class lacks; empty if there is none
 */
record SamplerName(String className, Map<String, Object> options, String twin) {
  private static final String LU = "lu";
  private static final Map<String, LadderShape> SHAPES = Stream.of(LadderShape.values())
      .collect(Collectors.toMap(shape -> plain(shape.name()), shape -> shape));
  private static final List<String> LADDERS = Stream.concat(SHAPES.keySet().stream(), Stream.of(LU))
      .sorted(Comparator.comparing(String::length).reversed().thenComparing(Comparator.naturalOrder())).toList();
  private static final Map<String, Object> ODE =
      Map.of("algorithm_type", "dpmsolver++", "solver_order", 2, "solver_type", "midpoint");
  private static final Map<String, Object> SDE =
      Map.of("algorithm_type", "sde-dpmsolver++", "solver_order", 2, "solver_type", "midpoint");
  private static final Map<String, SamplerName> KNOWN = known();

  /** The sampler of a name; capitals, spaces, hyphens, underscores and {@code ++} or {@code pp} make no difference. */
  static SamplerName of(String name, Set<String> classNames) {
    for (String className : classNames) {
      if (className.equalsIgnoreCase(name)) {
        return new SamplerName(className, Map.of(), "");
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
    if (className.equals(twin)) {
      return onShape(ladder);
    }
    Map<String, Object> more = new LinkedHashMap<>(options);
    switch (ladder) {
      case "karras", "exponential", "beta" -> {
        Stream.of("karras", "exponential", "beta").forEach(each -> more.put("use_" + each + "_sigmas", false));
        more.put("use_" + ladder + "_sigmas", true);
      }
      case LU -> more.put("use_lu_lambdas", true);
      case "sgmuniform", "simple" -> more.put("timestep_spacing", "trailing");
      default -> {
        return onShape(ladder);
      }
    }
    return new SamplerName(className, more, twin);
  }

  private SamplerName onShape(String ladder) {
    if (twin.isEmpty() || !SHAPES.containsKey(ladder)) {
      throw new IllegalArgumentException(className + " has no ladder " + ladder + "; it has "
          + (twin.isEmpty() ? "karras, exponential, beta, lu, sgm_uniform, simple"
          : Arrays.toString(LadderShape.values()).toLowerCase(Locale.ROOT)));
    }
    return new SamplerName(twin, Map.of("ladder", SHAPES.get(ladder).name().toLowerCase(Locale.ROOT)), twin);
  }

  private static String plain(String name) {
    String plain = name.toLowerCase(Locale.ROOT).replace("++", "pp").replaceAll("[ _-]", "");
    return plain.startsWith("sample") && !plain.startsWith("sampler") ? plain.substring(6) : plain;
  }

  private static Map<String, SamplerName> known() {
    Map<String, SamplerName> known = new TreeMap<>();
    add(known, "EulerDiscreteScheduler", Map.of(), "sample_euler", "euler");
    add(known, "EulerAncestralDiscreteScheduler", Map.of(), "sample_euler_ancestral", "eulera", "eulerancestral");
    add(known, "HeunDiscreteScheduler", Map.of(), "sample_heun", "heun");
    add(known, "LMSDiscreteScheduler", Map.of(), "sample_lms", "lms");
    add(known, "KDPM2DiscreteScheduler", Map.of(), "sample_dpm_2", "dpm2");
    add(known, "KDPM2AncestralDiscreteScheduler", Map.of(), "sample_dpm_2_ancestral", "dpm2a", "dpm2ancestral");
    add(known, "DDPMScheduler", Map.of(), "", "ddpm");
    add(known, "DDIMScheduler", Map.of(), "", "ddim");
    add(known, "PNDMScheduler", Map.of("skip_prk_steps", true), "", "plms");
    add(known, "PNDMScheduler", Map.of(), "", "pndm");
    add(known, "IPNDMScheduler", Map.of(), "", "ipndm");
    add(known, "DEISMultistepScheduler", Map.of(), "", "deis");
    add(known, "UniPCMultistepScheduler", Map.of(), "", "unipc");
    add(known, "UniPCMultistepScheduler", Map.of("solver_type", "bh1"), "", "unipcbh1");
    add(known, "UniPCMultistepScheduler", Map.of("solver_type", "bh2"), "", "unipcbh2");
    add(known, "SASolverScheduler", Map.of(), "", "sasolver");
    add(known, "LCMScheduler", Map.of(), "", "lcm");
    add(known, "TCDScheduler", Map.of(), "", "tcd");
    add(known, "DPMSolverMultistepScheduler", ODE, "sample_dpmpp_2m", "dpmpp2m");
    add(known, "DPMSolverMultistepScheduler", Map.of("algorithm_type", "dpmsolver++", "solver_order", 3), "",
        "dpmpp3m");
    add(known, "DPMSolverMultistepScheduler", SDE, "sample_dpmpp_2m_sde", "dpmpp2msde", "dpmpp2msdegpu");
    add(known, "DPMSolverMultistepScheduler",
        Map.of("algorithm_type", "sde-dpmsolver++", "solver_order", 2, "solver_type", "heun"), "", "dpmpp2msdeheun",
        "dpmpp2msdeheungpu");
    add(known, "DPMSolverSDEScheduler", Map.of(), "sample_dpmpp_sde", "dpmppsde", "dpmppsdegpu");
    add(known, "DPMSolverSinglestepScheduler", ODE, "", "dpmpp2s");
    add(known, "sample_dpmpp_2s_ancestral", "dpmpp2sa", "dpmpp2sancestral");
    add(known, "sample_dpmpp_3m_sde", "dpmpp3msde", "dpmpp3msdegpu");
    add(known, "sample_dpm_fast", "dpmfast");
    add(known, "restart_sampler", "restart");
    add(known, "sample_res_multistep", "resmultistep");
    add(known, "sample_res_multistep_ancestral", "resmultistepancestral");
    add(known, "sample_gradient_estimation", "gradientestimation");
    return known;
  }

  private static void add(Map<String, SamplerName> known, String kDiffusion, String... names) {
    add(known, kDiffusion, Map.of(), kDiffusion, names);
  }

  private static void add(Map<String, SamplerName> known, String className, Map<String, Object> options, String twin,
      String... names) {
    for (String name : names) {
      known.put(name, new SamplerName(className, options, twin));
    }
  }
}
