package dev.likeness.schedulers.internal.diffusers;

import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.Options;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.Prediction;
import dev.likeness.schedulers.Scheduler;
import dev.likeness.schedulers.SigmaSchedule;
import dev.likeness.schedulers.internal.Sigmas;
import dev.likeness.schedulers.internal.diffusers.DpmSigmaSchedules.FinalSigma;
import dev.likeness.schedulers.solvers.UniPc;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Diffusers' {@code UniPCMultistepScheduler}, which has flow sigmas of its own.
 *
 * @param options the class's options
 * @param network the trained levels
 */
record UniPcScheduler(Options options, NetworkConfig network) {
  // A level without signal has an infinite lambda; the reference keeps this distance from it.
  private static final double PURE_NOISE_MARGIN = 1e-6;

  static Scheduler of(Options options) {
    if (options.isSet("solver_p")) {
      throw new IllegalArgumentException(
          "UniPCMultistepScheduler with solver_p is not supported; leave solver_p out");
    }
    boolean firstKind =
        "bh1".equals(options.oneOf("solver_type", "bh2", "bh1", "midpoint", "heun", "logrho"));
    if (!options.flag("predict_x0") && SigmaOptions.LastSigma.isZero(options)) {
      throw new IllegalArgumentException("UniPCMultistepScheduler with predict_x0 false cannot end"
          + " without noise; set final_sigmas_type to sigma_min");
    }
    if (options.isSet("shift_terminal") && !options.flag("use_flow_sigmas")) {
      throw new IllegalArgumentException(
          "UniPCMultistepScheduler supports shift_terminal with use_flow_sigmas only, got "
              + options.number("shift_terminal")
              + "; set use_flow_sigmas to true, or leave shift_terminal out");
    }
    Set<Integer> uncorrected = Arrays.stream(options.numbers("disable_corrector"))
        .mapToObj(step -> (int) step)
        .collect(Collectors.toSet());
    var solver = new UniPc(
        options.integer("solver_order"),
        firstKind,
        options.flag("predict_x0"),
        options.flag("lower_order_final"),
        uncorrected);
    var unipc = new UniPcScheduler(
        options, NetworkConfig.withFiniteSigmas(options, EnumSet.allOf(Prediction.class)));
    if (SigmaOptions.of(options).kind() != SigmaOptions.Kind.KARRAS) {
      SigmaOptions.requireNoFlowSigmas(options);
    }
    return ConfiguredScheduler.withUnitNoise(
        unipc.network, unipc::sigmaSchedule, request -> solver);
  }

  private SigmaSchedule sigmaSchedule(PlanRequest request) {
    if (!options.flag("use_flow_sigmas")) {
      return new DpmSigmaSchedules(
              options, network, FinalSigma.of(options, FinalSigma.LAST_REPEATED))
          .sigmaSchedule(request);
    }
    double[] sigmas = flowSigmas(request);
    double[] all = Arrays.copyOf(sigmas, sigmas.length + 1);
    all[sigmas.length] = SigmaOptions.LastSigma.isZero(options) ? 0 : sigmas[sigmas.length - 1];
    return SigmaSchedule.of(
        Arrays.stream(sigmas).map(sigma -> Math.floor(sigma * network.length())).toArray(),
        Arrays.stream(all).mapToObj(NoiseLevel::flow).toList());
  }

  private double[] flowSigmas(PlanRequest request) {
    ConfiguredScheduler.Requests.requireNoTimesteps(request, options.className());
    SigmaOptions respacing = SigmaOptions.of(options);
    if (respacing.kind() == SigmaOptions.Kind.KARRAS) {
      ConfiguredScheduler.Requests.requireNoSigmas(request, options.className());
      double[] descending = DpmSigmaSchedules.reversed(network.noiseSchedule().sigmas());
      return Arrays.stream(respacing.sigmas(descending, request.steps()))
          .map(sigma -> sigma / (sigma + 1))
          .toArray();
    }
    var sigmaSchedule = new FlowSchedulers.FlowSigmaSchedule(options, network.length());
    double[] even = Arrays.copyOf(
        Sigmas.linspace(1, 1.0 / network.length(), request.steps() + 1), request.steps());
    double[] sigmas = sigmaSchedule.stretchToTerminal(
        sigmaSchedule.shift(request.sigmas().length > 0 ? request.sigmas() : even, request));
    if (Math.abs(sigmas[0] - 1) < PURE_NOISE_MARGIN) {
      sigmas[0] -= PURE_NOISE_MARGIN;
    }
    return sigmas;
  }
}
