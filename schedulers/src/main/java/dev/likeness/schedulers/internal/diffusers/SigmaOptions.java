package dev.likeness.schedulers.internal.diffusers;

import dev.likeness.schedulers.Options;
import dev.likeness.schedulers.internal.Sigmas;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The sigma schedule that replaces the one of the timesteps.
 *
 * @param kind the kind of sigma schedule
 * @param options the class's options, which may set its ends
 */
record SigmaOptions(Kind kind, Options options) {
  enum Kind {
    NONE,
    KARRAS,
    EXPONENTIAL,
    BETA;

    /** Returns the name of the option that chooses this schedule. */
    String option() {
      return "use_" + name().toLowerCase(Locale.ROOT) + "_sigmas";
    }
  }

  /** Classes whose Karras schedules use the trained ends, whatever ends the config sets. */
  private static final Set<String> TRAINED_KARRAS =
      Set.of("LMSDiscreteScheduler", "DPMSolverSDEScheduler");

  static SigmaOptions of(Options options) {
    List<Kind> chosen = Stream.of(Kind.KARRAS, Kind.EXPONENTIAL, Kind.BETA)
        .filter(kind -> options.flag(kind.option()))
        .toList();
    if (chosen.size() > 1) {
      throw new IllegalArgumentException(
          options.className() + " supports only one of use_karras_sigmas, use_exponential_sigmas"
              + " and use_beta_sigmas, got " + chosen.size() + "; set only one of them to true");
    }
    return new SigmaOptions(chosen.isEmpty() ? Kind.NONE : chosen.get(0), options);
  }

  /** As {@link #of}, for classes whose sigma schedules exceed the range of flow sigmas. */
  static SigmaOptions requireNoFlowSigmas(Options options) {
    SigmaOptions respacing = of(options);
    if (options.flag("use_flow_sigmas")
        && (!respacing.isNone() || options.flag("use_lu_lambdas"))) {
      throw new IllegalArgumentException(options.className()
          + " supports either use_flow_sigmas or another sigma schedule, got use_flow_sigmas and "
          + (respacing.isNone() ? "use_lu_lambdas" : respacing.kind().option())
          + "; leave one of them out");
    }
    return respacing;
  }

  boolean isNone() {
    return kind == Kind.NONE;
  }

  /** The replacing schedule between the ends of the given one; the given one if there is none. */
  double[] sigmas(double[] descending, int count) {
    if (isNone()) {
      return descending;
    }
    boolean trained = kind == Kind.KARRAS && TRAINED_KARRAS.contains(options.className());
    double max = trained ? descending[0] : options.number("sigma_max", descending[0]);
    double min = trained
        ? descending[descending.length - 1]
        : options.number("sigma_min", descending[descending.length - 1]);
    return switch (kind) {
      case KARRAS -> Sigmas.karras(max, min, count);
      case EXPONENTIAL -> Sigmas.exponential(max, min, count);
      default -> Sigmas.beta(max, min, count);
    };
  }

  /** Where a sigma schedule ends, by the option {@code final_sigmas_type}. */
  static final class LastSigma {
    private LastSigma() {}

    /** Whether the schedule ends at 0; it does for classes without the option. */
    static boolean isZero(Options options) {
      return !options.has("final_sigmas_type")
          || "zero".equals(options.oneOf("final_sigmas_type", "zero", "sigma_min"));
    }
  }
}
