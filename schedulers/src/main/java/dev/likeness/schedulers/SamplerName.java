package dev.likeness.schedulers;

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
 * A sampler that a name means: a class and the options that make it that sampler.
 *
 * @param className the class
 * @param options what is set on it
 * @param twin the k-diffusion sampler of the same algorithm, for ladders that the class lacks and
 *     for networks that predict flow; empty if there is none
 * @param ladder the ladder that was asked for with it, without its spelling, until a form has it;
 *     else empty
 */
record SamplerName(String className, Map<String, Object> options, String twin, String ladder) {
  private static final String LU = "lu";
  private static final String OWN = "automatic";
  /**
   * They choose among the steps of their distillation: as in diffusers, they have an option for the
   * spacing and read none.
   */
  private static final Set<String> OF_OWN_STEPS = Set.of("LCMScheduler", "TCDScheduler");
  /** What ladders are called, by their names without spelling. */
  static final Map<String, String> SHAPES = shapes();

  private static final List<String> LADDERS = Stream.concat(
          SHAPES.keySet().stream(), Stream.of(LU, OWN))
      .sorted(
          Comparator.comparing(String::length).reversed().thenComparing(Comparator.naturalOrder()))
      .toList();

  /**
   * The sampler of a name; capitals, spaces, hyphens, underscores and {@code ++} or {@code pp} make
   * no difference.
   */
  static SamplerName of(String name, Set<String> classNames) {
    for (String className : classNames) {
      if (className.equalsIgnoreCase(name)) {
        return new SamplerName(className, Map.of(), "", "");
      }
    }
    String plain = SamplerNames.plain(name);
    if (SamplerNames.KNOWN.containsKey(plain)) {
      return SamplerNames.KNOWN.get(plain);
    }
    for (String ladder : LADDERS) {
      String stem =
          plain.endsWith(ladder) ? plain.substring(0, plain.length() - ladder.length()) : "";
      if (SamplerNames.KNOWN.containsKey(stem)) {
        SamplerName plainly = SamplerNames.KNOWN.get(stem);
        return ladder.equals(OWN)
            ? plainly
            : new SamplerName(plainly.className, plainly.options, plainly.twin, ladder);
      }
    }
    if (plain.startsWith("dpmadaptive") || plain.startsWith("dpmad")) {
      throw new IllegalArgumentException(
          "sampler " + name + " chooses its steps by what it sees on the way, and a plan"
              + " knows all of its rows before; DPM fast and DPM++ 2M are its nearest relatives");
    }
    throw new IllegalArgumentException(
        "sampler " + name + " is unknown; known are " + String.join(", ", classNames)
            + " and " + String.join(", ", SamplerNames.KNOWN.keySet())
            + ", the latter also with " + String.join(", ", LADDERS) + " behind");
  }

  /** The same as another class with these options. */
  SamplerName as(String className, Map<String, Object> options) {
    return new SamplerName(className, options, twin, "");
  }

  /** The form for a network that predicts anything but flow, on the ladder that was asked for. */
  SamplerName form() {
    if (ladder.isEmpty()) {
      return this;
    }
    if (className.equals(twin)) {
      return onShape();
    }
    Map<String, Object> more = new LinkedHashMap<>(options);
    switch (SHAPES.getOrDefault(ladder, ladder)) {
      case "karras", "exponential", "beta" -> {
        Stream.of("karras", "exponential", "beta")
            .forEach(each -> more.put("use_" + each + "_sigmas", false));
        more.put("use_" + SHAPES.get(ladder) + "_sigmas", true);
      }
      case LU -> more.put("use_lu_lambdas", true);
      case "sgm_uniform", "simple" -> {
        if (OF_OWN_STEPS.contains(className)) {
          return onShape();
        }
        more.put("timestep_spacing", "trailing");
      }
      default -> {
        return onShape();
      }
    }
    boolean lacked = SHAPES.containsKey(ladder)
        && !twin.isEmpty()
        && !SchedulerConfig.defaults(className).names().containsAll(more.keySet());
    return lacked ? onShape() : as(className, more);
  }

  private SamplerName onShape() {
    if (twin.isEmpty() || !SHAPES.containsKey(ladder)) {
      throw new IllegalArgumentException(
          className + " has no ladder " + ladder + "; it has " + ladders());
    }
    Map<String, Object> more =
        twin.equals("sample_dpmpp_2m_sde") ? kept("solver_type") : new HashMap<>();
    more.put("ladder", SHAPES.get(ladder));
    return as(twin, more);
  }

  private String ladders() {
    if (!twin.isEmpty()) {
      return Arrays.toString(SigmaScheduleKind.values()).toLowerCase(Locale.ROOT);
    }
    return OF_OWN_STEPS.contains(className)
        ? "its own alone"
        : "karras, exponential, beta, lu, sgm_uniform, simple";
  }

  private Map<String, Object> kept(String option) {
    Map<String, Object> kept = new HashMap<>(options);
    kept.keySet().retainAll(Set.of(option));
    return kept;
  }

  /**
   * The ladders, and what A1111 calls some of them; it takes Align Your Steps for SD 1.5 for all
   * networks but SDXL.
   */
  private static Map<String, String> shapes() {
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
      shapes.put(SamplerNames.plain(shape.name()), shape.name().toLowerCase(Locale.ROOT));
    }
    return Map.copyOf(shapes);
  }
}
