package dev.likeness.schedulers;

import dev.likeness.schedulers.internal.ClosestNames;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The scheduler of a name: a class and its options.
 *
 * @param className the scheduler class
 * @param options the options that the name sets
 * @param kDiffusionName the k-diffusion sampler of the same algorithm, for sigma schedules that the
 *     class lacks and for flow networks; empty if there is none
 * @param sigmaSchedule the normalised sigma schedule of the name that is not in the options yet;
 *     else empty
 */
record SamplerName(
    String className, Map<String, Object> options, String kDiffusionName, String sigmaSchedule) {
  private static final String LU = "lu";
  private static final String AUTOMATIC = "automatic";
  /**
   * Classes that choose among the steps of their distillation. As in diffusers, they have an option
   * for the spacing and ignore it.
   */
  private static final Set<String> DISTILLED_CLASSES = Set.of("LCMScheduler", "TCDScheduler");
  /** Sigma schedules by their normalised names. */
  static final Map<String, String> SIGMA_SCHEDULES = sigmaSchedules();

  private static final List<String> SCHEDULE_SUFFIXES = Stream.concat(
          SIGMA_SCHEDULES.keySet().stream(), Stream.of(LU, AUTOMATIC))
      .sorted(
          Comparator.comparing(String::length).reversed().thenComparing(Comparator.naturalOrder()))
      .toList();

  /**
   * Returns the scheduler of a name. Case, spaces, hyphens and underscores make no difference, nor
   * {@code ++} for {@code pp}.
   *
   * @throws IllegalArgumentException if the name is not known; the message suggests names
   */
  static SamplerName of(String name, Set<String> classNames) {
    for (String className : classNames) {
      if (className.equalsIgnoreCase(name)) {
        return new SamplerName(className, Map.of(), "", "");
      }
    }
    String plain = SamplerNames.normalize(name);
    if (SamplerNames.KNOWN.containsKey(plain)) {
      return SamplerNames.KNOWN.get(plain);
    }
    for (String sigmaSchedule : SCHEDULE_SUFFIXES) {
      String stem = plain.endsWith(sigmaSchedule)
          ? plain.substring(0, plain.length() - sigmaSchedule.length())
          : "";
      if (SamplerNames.KNOWN.containsKey(stem)) {
        SamplerName sampler = SamplerNames.KNOWN.get(stem);
        return sigmaSchedule.equals(AUTOMATIC)
            ? sampler
            : new SamplerName(
                sampler.className, sampler.options, sampler.kDiffusionName, sigmaSchedule);
      }
    }
    if (plain.startsWith("dpmadaptive") || plain.startsWith("dpmad")) {
      throw new IllegalArgumentException(
          "scheduler \"" + name + "\" is not supported, because its step sizes are adaptive;"
              + " use DPM fast or DPM++ 2M");
    }
    Stream<String> names = SamplerNames.KNOWN.keySet().stream()
        .flatMap(stem -> Stream.concat(
            Stream.of(stem),
            Stream.of(SigmaScheduleKind.values())
                .map(kind -> stem + " " + kind.name().toLowerCase(Locale.ROOT))));
    throw new IllegalArgumentException("unknown scheduler \"" + name + "\"; closest: "
        + ClosestNames.of(plain, Stream.concat(names, classNames.stream()), 3)
        + "; docs/reference/schedulers.md lists the names");
  }

  /** Returns this sampler as another class with the given options. */
  SamplerName withClass(String className, Map<String, Object> options) {
    return new SamplerName(className, options, kDiffusionName, "");
  }

  /** Returns class and options for networks that do not predict flow, with the sigma schedule. */
  SamplerName resolve() {
    if (sigmaSchedule.isEmpty()) {
      return this;
    }
    if (className.equals(kDiffusionName)) {
      return toKDiffusion();
    }
    Map<String, Object> more = new LinkedHashMap<>(options);
    switch (SIGMA_SCHEDULES.getOrDefault(sigmaSchedule, sigmaSchedule)) {
      case "karras", "exponential", "beta" -> {
        Stream.of("karras", "exponential", "beta")
            .forEach(each -> more.put("use_" + each + "_sigmas", false));
        more.put("use_" + SIGMA_SCHEDULES.get(sigmaSchedule) + "_sigmas", true);
      }
      case LU -> more.put("use_lu_lambdas", true);
      case "sgm_uniform", "simple" -> {
        if (DISTILLED_CLASSES.contains(className)) {
          return toKDiffusion();
        }
        more.put("timestep_spacing", "trailing");
      }
      default -> {
        return toKDiffusion();
      }
    }
    boolean lacked = SIGMA_SCHEDULES.containsKey(sigmaSchedule)
        && !kDiffusionName.isEmpty()
        && !SchedulerConfig.defaults(className).names().containsAll(more.keySet());
    return lacked ? toKDiffusion() : withClass(className, more);
  }

  private SamplerName toKDiffusion() {
    if (kDiffusionName.isEmpty() || !SIGMA_SCHEDULES.containsKey(sigmaSchedule)) {
      throw new IllegalArgumentException(
          className + " has no sigma schedule " + sigmaSchedule + "; " + supportedSchedules());
    }
    Map<String, Object> more = kDiffusionName.equals("sample_dpmpp_2m_sde")
        ? retainOption("solver_type")
        : new HashMap<>();
    more.put("ladder", SIGMA_SCHEDULES.get(sigmaSchedule));
    return withClass(kDiffusionName, more);
  }

  private String supportedSchedules() {
    if (!kDiffusionName.isEmpty()) {
      return "known: " + Arrays.toString(SigmaScheduleKind.values()).toLowerCase(Locale.ROOT);
    }
    return DISTILLED_CLASSES.contains(className)
        ? "use its name alone, with its own sigma schedule"
        : "known: karras, exponential, beta, lu, sgm_uniform, simple";
  }

  private Map<String, Object> retainOption(String option) {
    Map<String, Object> kept = new HashMap<>(options);
    kept.keySet().retainAll(Set.of(option));
    return kept;
  }

  /**
   * Returns the sigma schedules, with A1111's names for some of them. A1111 uses Align Your Steps
   * for SD 1.5 with all networks but SDXL.
   */
  private static Map<String, String> sigmaSchedules() {
    Map<String, String> shapes = new HashMap<>(Map.of(
        "uniform",
        "normal",
        "ddim",
        "ddim_uniform",
        "ka",
        "karras",
        "alignyoursteps",
        "align_your_steps_sd15"));
    for (SigmaScheduleKind shape : SigmaScheduleKind.values()) {
      shapes.put(SamplerNames.normalize(shape.name()), shape.name().toLowerCase(Locale.ROOT));
    }
    return Map.copyOf(shapes);
  }

  /**
   * Names of A1111, ComfyUI and k-diffusion in normalised form: {@code dpmpp2m} for {@code DPM++
   * 2M}.
   */
  static final class SamplerNames {
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
      add(
          known,
          "DDPMScheduler",
          Map.of(),
          "sample_euler_ancestral",
          "ddpm"); // the same posterior on another sigma schedule
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
        String twin,
        String... names) {
      for (String name : names) {
        known.put(name, new SamplerName(className, options, twin, ""));
      }
    }
  }
}
