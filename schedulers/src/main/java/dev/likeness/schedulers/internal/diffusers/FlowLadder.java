package dev.likeness.schedulers.internal.diffusers;

import dev.likeness.schedulers.FlowShift;
import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.Options;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.SigmaSchedule;
import dev.likeness.schedulers.Sigmas;
import java.util.Arrays;

/**
 * Ladders of rectified flow: levels from 1 to 0, shifted towards noise by a number or by the
 * resolution.
 *
 * @param options the class's options
 * @param length the number of training timesteps, which is the timestep of pure noise
 */
record FlowLadder(Options options, int length) {
  SigmaSchedule ladder(PlanRequest request) {
    double[] sigmas = stretched(shifted(unshifted(request), request));
    double[] respaced = SigmaOptions.of(options).sigmas(sigmas, sigmas.length);
    boolean own = request.timesteps().length > 0 && !inverted();
    return ladder(own ? request.timesteps() : times(respaced), respaced);
  }

  /** A ladder of sigmas of the caller's own, the last one where the run ends. */
  SigmaSchedule exactly(double[] sigmas) {
    double[] above = Arrays.copyOf(sigmas, sigmas.length - 1);
    return SigmaSchedule.of(
        times(above), Arrays.stream(sigmas).mapToObj(NoiseLevel::flow).toList());
  }

  /** A ladder of sigmas with 0 below. */
  SigmaSchedule ladder(double[] timesteps, double[] sigmas) {
    double[] all = Arrays.copyOf(sigmas, sigmas.length + 1);
    return SigmaSchedule.of(
        timesteps, Arrays.stream(all).mapToObj(NoiseLevel::flow).toList());
  }

  double[] times(double[] sigmas) {
    return Arrays.stream(sigmas)
        .map(sigma -> (inverted() ? 1 - sigma : sigma) * length)
        .toArray();
  }

  // Mochi's networks are told how much signal there is.
  private boolean inverted() {
    return options.flag("invert_sigmas");
  }

  double[] sigmas(double[] times) {
    return Arrays.stream(Requests.requireFalling(times, length + 1))
        .map(time -> time / length)
        .toArray();
  }

  private double[] unshifted(PlanRequest request) {
    if (request.sigmas().length > 0) {
      return request.sigmas();
    }
    if (request.timesteps().length > 0) {
      return sigmas(request.timesteps());
    }
    double least = 1.0 / length;
    double[] ends = dynamic()
        ? new double[] {least}
        : Sigmas.shifted(new double[] {least}, FlowShift.of(options));
    return Sigmas.linspace(1, ends[0], request.steps());
  }

  private boolean dynamic() {
    return options.flag("use_dynamic_shifting");
  }

  double[] shifted(double[] sigmas, PlanRequest request) {
    double shift = FlowShift.of(options, request);
    // The same formula in the reference's words: some classes cut timesteps to whole numbers, where
    // the last bit counts.
    return dynamic()
        ? Arrays.stream(sigmas).map(sigma -> shift / (shift + (1 / sigma - 1))).toArray()
        : Sigmas.shifted(sigmas, shift);
  }

  double[] stretched(double[] sigmas) {
    double terminal = options.number("shift_terminal", 0);
    if (terminal == 0 || sigmas[sigmas.length - 1] == 1) { // pure noise cannot be stretched
      return sigmas;
    }
    double scale = (1 - sigmas[sigmas.length - 1]) / (1 - terminal);
    return Arrays.stream(sigmas).map(sigma -> 1 - (1 - sigma) / scale).toArray();
  }
}
