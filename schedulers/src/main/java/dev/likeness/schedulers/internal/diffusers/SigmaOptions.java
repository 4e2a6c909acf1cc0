package dev.likeness.schedulers.internal.diffusers;

import dev.likeness.schedulers.Options;
import dev.likeness.schedulers.Sigmas;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Which ladder of sigmas replaces the one that the timesteps give.
 *
 * @param kind the ladder
 * @param options the class's options, which may fix its ends
 */
record SigmaOptions(Kind kind, Options options) {
  enum Kind {
    NONE,
    KARRAS,
    EXPONENTIAL,
    BETA
  }

  /** Classes whose Karras ladders keep to the trained levels, whatever ends their config fixes. */
  private static final Set<String> TRAINED_KARRAS =
      Set.of("LMSDiscreteScheduler", "DPMSolverSDEScheduler");

  static SigmaOptions of(Options options) {
    List<Kind> asked = Stream.of(Kind.KARRAS, Kind.EXPONENTIAL, Kind.BETA)
        .filter(kind -> options.flag("use_" + kind.name().toLowerCase(Locale.ROOT) + "_sigmas"))
        .toList();
    if (asked.size() > 1) {
      throw new IllegalArgumentException(options.className()
          + " takes only one of use_karras_sigmas, use_exponential_sigmas, use_beta_sigmas");
    }
    return new SigmaOptions(asked.isEmpty() ? Kind.NONE : asked.get(0), options);
  }

  /** The same for classes whose ladders of sigmas hold more noise than flow levels can. */
  static SigmaOptions requireNoFlowSigmas(Options options) {
    SigmaOptions respacing = of(options);
    if (options.flag("use_flow_sigmas")
        && (!respacing.isNone() || options.flag("use_lu_lambdas"))) {
      throw new IllegalArgumentException(
          options.className() + " takes either use_flow_sigmas or a ladder of sigmas ("
              + (respacing.isNone() ? "use_lu_lambdas" : respacing.kind())
              + "), whose noise exceeds flow's");
    }
    return respacing;
  }

  boolean isNone() {
    return kind == Kind.NONE;
  }

  /** The replacing ladder between the ends of a falling one, or that one itself. */
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

  /** Where a ladder ends, by the option {@code final_sigmas_type}. */
  static final class LastSigma {
    private LastSigma() {}

    /** Whether the ladder ends without noise; classes that lack the option do. */
    static boolean isZero(Options options) {
      return !options.has("final_sigmas_type")
          || "zero".equals(options.oneOf("final_sigmas_type", "zero", "sigma_min"));
    }
  }
}
