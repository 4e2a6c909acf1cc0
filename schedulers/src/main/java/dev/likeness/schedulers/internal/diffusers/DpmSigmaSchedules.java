package dev.likeness.schedulers.internal.diffusers;

import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.NoiseSchedule;
import dev.likeness.schedulers.Options;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.SigmaSchedule;
import dev.likeness.schedulers.internal.Sigmas;
import dev.likeness.schedulers.internal.TimestepSpacing;
import java.util.Arrays;
import java.util.function.DoubleFunction;
import java.util.stream.IntStream;

/**
 * Sigma schedules of the DPM-Solver family: k-diffusion's sigmas as variance-preserving levels, or
 * flow levels.
 *
 * @param options the class's options
 * @param network the trained levels
 * @param finalSigma where the schedule ends
 */
record DpmSigmaSchedules(Options options, NetworkConfig network, FinalSigma finalSigma) {
  /** The lowest level. */
  enum FinalSigma {
    /** No noise. */
    ZERO,
    /** The first trained level. */
    SIGMA_MIN,
    /** The first trained level; for other sigma schedules, their last sigma repeated. */
    LAST_REPEATED;

    static FinalSigma of(Options options, FinalSigma otherwise) {
      return SigmaOptions.LastSigma.isZero(options) ? ZERO : otherwise;
    }
  }

  SigmaSchedule sigmaSchedule(PlanRequest request) {
    SigmaOptions respacing = SigmaOptions.of(options);
    NoiseSchedule schedule = network.noiseSchedule();
    if (respacing.isNone() && !options.flag("use_lu_lambdas") && !options.flag("use_flow_sigmas")) {
      ConfiguredScheduler.Requests.requireNoSigmas(request, options.className());
      double[] timesteps = request.timesteps().length > 0
          ? ConfiguredScheduler.Requests.requireDescending(request.timesteps(), network.length())
          : spacedTimesteps(request.steps());
      return sigmaSchedule(timesteps, schedule.sigmas(timesteps), false);
    }
    ConfiguredScheduler.Requests.requireNoTimestepsOrSigmas(request, options.className());
    double[] table = schedule.sigmas();
    if (!respacing.isNone()) {
      double[] sigmas = respacing.sigmas(reversed(table), request.steps());
      return sigmaSchedule(
          roundTimesteps(schedule.timesteps(sigmas), respacing.kind() == SigmaOptions.Kind.KARRAS),
          sigmas,
          true);
    }
    if (options.flag("use_lu_lambdas")) {
      double[] sigmas = Sigmas.exponential(table[table.length - 1], table[0], request.steps());
      return sigmaSchedule(roundTimesteps(schedule.timesteps(sigmas), true), sigmas, true);
    }
    double[] sigmas = flowSigmas(request);
    return sigmaSchedule(
        Arrays.stream(sigmas).map(sigma -> sigma * schedule.length()).toArray(), sigmas, true);
  }

  private double[] spacedTimesteps(int steps) {
    TimestepSpacing spacing = options.has("timestep_spacing")
        ? TimestepSpacing.parse(options.text("timestep_spacing"))
        : TimestepSpacing.LINSPACE;
    int trained = network.length();
    int top = trained - clippedTimesteps();
    ConfiguredScheduler.Requests.requireSteps(
        steps, 1, spacing == TimestepSpacing.TRAILING ? trained : top - 1);
    return spacing.timestepsWithoutLast(
        steps, trained, top, (int) options.number("steps_offset", 0));
  }

  private int clippedTimesteps() {
    double least = options.number("lambda_min_clipped", Double.NEGATIVE_INFINITY);
    return (int) Arrays.stream(network.noiseSchedule().sigmas())
        .filter(sigma -> -Math.log(sigma) < least)
        .count();
  }

  private double[] flowSigmas(PlanRequest request) {
    // Classes without use_dynamic_shifting shift if the request has mu.
    double shift = options.has("use_dynamic_shifting") || request.mu().isEmpty()
        ? PlanRequest.FlowShift.of(options, request)
        : Math.exp(request.mu().getAsDouble());
    double[] rising = Sigmas.linspace(1, 1.0 / network.length(), request.steps() + 1);
    double[] descending = reversed(Arrays.stream(rising).map(alpha -> 1 - alpha).toArray());
    return Sigmas.shift(Arrays.copyOf(descending, request.steps()), shift);
  }

  // Only multistep DPM-Solver, which has Lu's sigmas too, keeps fractions on the cosine schedule.
  private double[] roundTimesteps(double[] timesteps, boolean toNearest) {
    boolean cosine =
        options.has("use_lu_lambdas") && "squaredcos_cap_v2".equals(options.text("beta_schedule"));
    return toNearest && !cosine ? Arrays.stream(timesteps).map(Math::rint).toArray() : timesteps;
  }

  // The reference truncates timesteps to integers.
  private SigmaSchedule sigmaSchedule(double[] timesteps, double[] sigmas, boolean ofSigmas) {
    DoubleFunction<NoiseLevel> form =
        options.flag("use_flow_sigmas") ? NoiseLevel::flow : NoiseLevel::variancePreserving;
    double[] all = Arrays.copyOf(sigmas, sigmas.length + 1);
    all[sigmas.length] = switch (finalSigma) {
      case ZERO -> 0;
      case SIGMA_MIN -> network.noiseSchedule().sigmas()[0];
      case LAST_REPEATED ->
        ofSigmas ? sigmas[sigmas.length - 1] : network.noiseSchedule().sigmas()[0];
    };
    return SigmaSchedule.of(
        Arrays.stream(timesteps).map(Math::floor).toArray(),
        Arrays.stream(all).mapToObj(form).toList());
  }

  static double[] reversed(double[] rising) {
    double[] descending = new double[rising.length];
    Arrays.setAll(descending, i -> rising[rising.length - 1 - i]);
    return descending;
  }

  /**
   * Sigma schedules of the DPM-Solver family from the image to noise, for inversion.
   *
   * @param options the class's options
   * @param network the trained levels
   */
  record InverseSigmaSchedule(Options options, NetworkConfig network) {
    SigmaSchedule sigmaSchedule(PlanRequest request) {
      ConfiguredScheduler.Requests.requireNoTimestepsOrSigmas(request, options.className());
      double[] table = network.noiseSchedule().sigmas();
      SigmaOptions respacing = SigmaOptions.of(options);
      if (!respacing.isNone()) {
        double[] sigmas = respacing.sigmas(table, request.steps());
        double[] timesteps = network.noiseSchedule().timesteps(sigmas);
        boolean rounds = respacing.kind() == SigmaOptions.Kind.KARRAS;
        return sigmaSchedule(
            Arrays.stream(timesteps).map(rounds ? Math::rint : Math::floor).toArray(),
            sigmas,
            sigmas[sigmas.length - 1]);
      }
      if (options.flag("use_flow_sigmas")) {
        return new DpmSigmaSchedules(options, network, DpmSigmaSchedules.FinalSigma.LAST_REPEATED)
            .sigmaSchedule(request);
      }
      double least = options.number("lambda_min_clipped");
      int below =
          (int) Arrays.stream(table).filter(sigma -> -Math.log(sigma) < least).count();
      int top = network.length() - below;
      double[] timesteps = timesteps(request.steps(), top);
      return sigmaSchedule(timesteps, network.noiseSchedule().sigmas(timesteps), table[top - 1]);
    }

    private double[] timesteps(int steps, int top) {
      TimestepSpacing spacing = TimestepSpacing.parse(options.text("timestep_spacing"));
      ConfiguredScheduler.Requests.requireSteps(
          steps, 1, spacing == TimestepSpacing.TRAILING ? network.length() : top - 1);
      return switch (spacing) {
        case LINSPACE ->
          Arrays.stream(Sigmas.linspace(0, top - 1, steps + 1))
              .limit(steps)
              .map(Math::rint)
              .toArray();
        case LEADING ->
          IntStream.range(0, steps)
              .mapToDouble(i -> i * (top / (steps + 1)) + options.number("steps_offset"))
              .toArray();
        case TRAILING ->
          DpmSigmaSchedules.reversed(spacing.timestepsWithoutLast(steps, network.length(), top, 0));
      };
    }

    private SigmaSchedule sigmaSchedule(double[] timesteps, double[] sigmas, double end) {
      // The reference drops repeated integer timesteps, and always starts at the second of two
      // equal ones.
      SigmaOptions.Kind kind = SigmaOptions.of(options).kind();
      boolean compared = kind == SigmaOptions.Kind.NONE || kind == SigmaOptions.Kind.KARRAS;
      boolean repeated = compared
          ? Arrays.stream(timesteps).distinct().count() < timesteps.length
          : timesteps.length > 1 && timesteps[0] == timesteps[1];
      if (repeated) {
        throw new IllegalArgumentException(
            "the sigma schedule of " + options.className() + " does not have " + timesteps.length
                + " different timesteps; use fewer steps, or set use_karras_sigmas,"
                + " use_exponential_sigmas and use_beta_sigmas to false");
      }
      DoubleFunction<NoiseLevel> form =
          options.flag("use_flow_sigmas") ? NoiseLevel::flow : NoiseLevel::variancePreserving;
      double[] all = Arrays.copyOf(sigmas, sigmas.length + 1);
      all[sigmas.length] = end;
      return SigmaSchedule.of(timesteps, Arrays.stream(all).mapToObj(form).toList());
    }
  }
}
