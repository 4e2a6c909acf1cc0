package dev.likeness.schedulers.internal.diffusers;

import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.Options;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.SigmaSchedule;
import dev.likeness.schedulers.Sigmas;
import dev.likeness.schedulers.TimestepSpacing;
import java.util.Arrays;
import java.util.function.DoubleFunction;
import java.util.stream.IntStream;

/**
 * Ladders of the DPM-Solver family climbed from the image to noise, for inversion.
 *
 * @param options the class's options
 * @param training the trained levels
 */
record InverseLadder(Options options, NetworkConfig training) {
  SigmaSchedule ladder(PlanRequest request) {
    Requests.requireOwnTimesteps(request, options.owner());
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
    Requests.requireSteps(
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
    // The reference drops timesteps that are whole and repeated, and always begins at the second of
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
