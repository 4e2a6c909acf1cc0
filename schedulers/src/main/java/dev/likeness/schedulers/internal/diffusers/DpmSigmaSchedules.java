package dev.likeness.schedulers.internal.diffusers;

import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.NoiseSchedule;
import dev.likeness.schedulers.Options;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.SigmaSchedule;
import dev.likeness.schedulers.Sigmas;
import dev.likeness.schedulers.TimestepSpacing;
import java.util.Arrays;
import java.util.function.DoubleFunction;
import java.util.stream.IntStream;

/**
 * Ladders of the DPM-Solver family: k-diffusion's sigmas turned into variance-preserving levels, or
 * flow levels.
 *
 * @param options the class's options
 * @param training the trained levels
 * @param end where the ladder ends
 */
record DpmSigmaSchedules(Options options, NetworkConfig training, End end) {
  /** The lowest level. */
  enum End {
    /** No noise at all. */
    CLEAN,
    /** The first trained level. */
    FIRST_TRAINED,
    /** The first trained level, or for ladders of sigmas their last one once more. */
    LAST_REPEATED;

    static End of(Options options, End otherwise) {
      return SigmaOptions.LastSigma.isClean(options) ? CLEAN : otherwise;
    }
  }

  SigmaSchedule ladder(PlanRequest request) {
    SigmaOptions respacing = SigmaOptions.of(options);
    NoiseSchedule schedule = training.schedule();
    if (respacing.isNone() && !options.flag("use_lu_lambdas") && !options.flag("use_flow_sigmas")) {
      ConfiguredScheduler.Requests.requireOwnSigmas(request, options.owner());
      double[] timesteps = request.timesteps().length > 0
          ? ConfiguredScheduler.Requests.requireFalling(request.timesteps(), training.length())
          : spaced(request.steps());
      return ladder(timesteps, schedule.sigmas(timesteps), false);
    }
    ConfiguredScheduler.Requests.requireOwnTimesteps(request, options.owner());
    double[] table = schedule.sigmas();
    if (!respacing.isNone()) {
      double[] sigmas = respacing.sigmas(falling(table), request.steps());
      return ladder(
          rounded(schedule.timesteps(sigmas), respacing.kind() == SigmaOptions.Kind.KARRAS),
          sigmas,
          true);
    }
    if (options.flag("use_lu_lambdas")) {
      double[] sigmas = Sigmas.exponential(table[table.length - 1], table[0], request.steps());
      return ladder(rounded(schedule.timesteps(sigmas), true), sigmas, true);
    }
    double[] sigmas = flow(request);
    return ladder(
        Arrays.stream(sigmas).map(sigma -> sigma * schedule.length()).toArray(), sigmas, true);
  }

  private double[] spaced(int steps) {
    TimestepSpacing spacing = options.has("timestep_spacing")
        ? TimestepSpacing.parse(options.text("timestep_spacing"))
        : TimestepSpacing.LINSPACE;
    int trained = training.length();
    int top = trained - belowLeastLambda();
    ConfiguredScheduler.Requests.requireSteps(
        steps, 1, spacing == TimestepSpacing.TRAILING ? trained : top - 1);
    return spacing.timestepsAboveEnd(steps, trained, top, (int) options.number("steps_offset", 0));
  }

  private int belowLeastLambda() {
    double least = options.number("lambda_min_clipped", Double.NEGATIVE_INFINITY);
    return (int) Arrays.stream(training.schedule().sigmas())
        .filter(sigma -> -Math.log(sigma) < least)
        .count();
  }

  private double[] flow(PlanRequest request) {
    // Classes that cannot say whether their levels move with the resolution move them where the
    // request says how far.
    double shift = options.has("use_dynamic_shifting") || Double.isNaN(request.mu())
        ? PlanRequest.FlowShift.of(options, request)
        : Math.exp(request.mu());
    double[] rising = Sigmas.linspace(1, 1.0 / training.length(), request.steps() + 1);
    double[] falling = falling(Arrays.stream(rising).map(alpha -> 1 - alpha).toArray());
    return Sigmas.shifted(Arrays.copyOf(falling, request.steps()), shift);
  }

  // Only multistep DPM-Solver, which has Lu's ladder too, keeps fractions on the cosine schedule.
  private double[] rounded(double[] timesteps, boolean toNearest) {
    boolean cosine =
        options.has("use_lu_lambdas") && "squaredcos_cap_v2".equals(options.text("beta_schedule"));
    return toNearest && !cosine ? Arrays.stream(timesteps).map(Math::rint).toArray() : timesteps;
  }

  // The reference keeps timesteps as whole numbers and drops what is behind the point.
  private SigmaSchedule ladder(double[] timesteps, double[] sigmas, boolean ofSigmas) {
    DoubleFunction<NoiseLevel> form =
        options.flag("use_flow_sigmas") ? NoiseLevel::flow : NoiseLevel::preserving;
    double[] all = Arrays.copyOf(sigmas, sigmas.length + 1);
    all[sigmas.length] = switch (end) {
      case CLEAN -> 0;
      case FIRST_TRAINED -> training.schedule().sigmas()[0];
      case LAST_REPEATED ->
        ofSigmas ? sigmas[sigmas.length - 1] : training.schedule().sigmas()[0];
    };
    return SigmaSchedule.of(
        Arrays.stream(timesteps).map(Math::floor).toArray(),
        Arrays.stream(all).mapToObj(form).toList());
  }

  static double[] falling(double[] rising) {
    double[] falling = new double[rising.length];
    Arrays.setAll(falling, i -> rising[rising.length - 1 - i]);
    return falling;
  }

  /**
   * Ladders of the DPM-Solver family climbed from the image to noise, for inversion.
   *
   * @param options the class's options
   * @param training the trained levels
   */
  record InverseLadder(Options options, NetworkConfig training) {
    SigmaSchedule ladder(PlanRequest request) {
      ConfiguredScheduler.Requests.requireOwnTimesteps(request, options.owner());
      double[] table = training.schedule().sigmas();
      SigmaOptions respacing = SigmaOptions.of(options);
      if (!respacing.isNone()) {
        double[] sigmas = respacing.sigmas(table, request.steps());
        double[] timesteps = training.schedule().timesteps(sigmas);
        boolean rounds = respacing.kind() == SigmaOptions.Kind.KARRAS;
        return ladder(
            Arrays.stream(timesteps).map(rounds ? Math::rint : Math::floor).toArray(),
            sigmas,
            sigmas[sigmas.length - 1]);
      }
      if (options.flag("use_flow_sigmas")) {
        return new DpmSigmaSchedules(options, training, DpmSigmaSchedules.End.LAST_REPEATED)
            .ladder(request);
      }
      double least = options.number("lambda_min_clipped");
      int below =
          (int) Arrays.stream(table).filter(sigma -> -Math.log(sigma) < least).count();
      int top = training.length() - below;
      double[] timesteps = timesteps(request.steps(), top);
      return ladder(timesteps, training.schedule().sigmas(timesteps), table[top - 1]);
    }

    private double[] timesteps(int steps, int top) {
      TimestepSpacing spacing = TimestepSpacing.parse(options.text("timestep_spacing"));
      ConfiguredScheduler.Requests.requireSteps(
          steps, 1, spacing == TimestepSpacing.TRAILING ? training.length() : top - 1);
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
          DpmSigmaSchedules.falling(spacing.timestepsAboveEnd(steps, training.length(), top, 0));
      };
    }

    private SigmaSchedule ladder(double[] timesteps, double[] sigmas, double end) {
      // The reference drops timesteps that are whole and repeated, and always begins at the second
      // of
      // two equal ones.
      SigmaOptions.Kind kind = SigmaOptions.of(options).kind();
      boolean compared = kind == SigmaOptions.Kind.NONE || kind == SigmaOptions.Kind.KARRAS;
      boolean repeated = compared
          ? Arrays.stream(timesteps).distinct().count() < timesteps.length
          : timesteps.length > 1 && timesteps[0] == timesteps[1];
      if (repeated) {
        throw new IllegalArgumentException(
            options.owner() + " has no " + timesteps.length
                + " different timesteps on this ladder; ask for fewer steps or a ladder without respaced sigmas");
      }
      DoubleFunction<NoiseLevel> form =
          options.flag("use_flow_sigmas") ? NoiseLevel::flow : NoiseLevel::preserving;
      double[] all = Arrays.copyOf(sigmas, sigmas.length + 1);
      all[sigmas.length] = end;
      return SigmaSchedule.of(timesteps, Arrays.stream(all).mapToObj(form).toList());
    }
  }
}
