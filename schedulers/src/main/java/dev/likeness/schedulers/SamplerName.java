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
    Map<String, String> schedules = new HashMap<>();
    schedules.put("uniform", "normal");
    schedules.put("ddim", "ddim_uniform");
    schedules.put("ka", "karras");
    schedules.put("alignyoursteps", "align_your_steps_sd15");
    for (SigmaScheduleKind kind : SigmaScheduleKind.values()) {
      schedules.put(SamplerNames.normalize(kind.name()), kind.name().toLowerCase(Locale.ROOT));
    }
    return Map.copyOf(schedules);
  }
}
