package dev.likeness.schedulers.internal.diffusers;

import dev.likeness.schedulers.Ladder;
import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.Options;
import dev.likeness.schedulers.PlanRequest;
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
record InverseLadder(Options options, Training training) {
  Ladder ladder(PlanRequest request) {
    Requests.requireOwnTimesteps(request, options.owner());
    double[] table = training.schedule().sigmas();
    Respacing respacing = Respacing.of(options);
    if (!respacing.isNone()) {
      double[] sigmas = respacing.sigmas(table, request.steps());
      double[] timesteps = training.schedule().timesteps(sigmas);
      boolean rounds = respacing.kind() == Respacing.Kind.KARRAS;
      return ladder(
          Arrays.stream(timesteps).map(rounds ? Math::rint : Math::floor).toArray(),
          sigmas,
          sigmas[sigmas.length - 1]);
    }
    if (options.flag("use_flow_sigmas")) {
      return new PreservingLadder(options, training, PreservingLadder.End.LAST_REPEATED)
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
        PreservingLadder.falling(spacing.timestepsAboveEnd(steps, training.length(), top, 0));
    };
  }

  private Ladder ladder(double[] timesteps, double[] sigmas, double end) {
    // The reference drops timesteps that are whole and repeated, and always begins at the second of
    // two equal ones.
    Respacing.Kind kind = Respacing.of(options).kind();
    boolean compared = kind == Respacing.Kind.NONE || kind == Respacing.Kind.KARRAS;
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
    return Ladder.of(timesteps, Arrays.stream(all).mapToObj(form).toList());
  }
}
