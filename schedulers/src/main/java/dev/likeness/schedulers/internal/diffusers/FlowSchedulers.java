package dev.likeness.schedulers.internal.diffusers;

import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.Options;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.Prediction;
import dev.likeness.schedulers.Scheduler;
import dev.likeness.schedulers.SigmaSchedule;
import dev.likeness.schedulers.Solver;
import dev.likeness.schedulers.Step;
import dev.likeness.schedulers.internal.Sigmas;
import dev.likeness.schedulers.solvers.ConsistencyMultistep;
import dev.likeness.schedulers.solvers.Euler;
import dev.likeness.schedulers.solvers.EulerAncestral;
import dev.likeness.schedulers.solvers.Heun;
import java.util.Arrays;
import java.util.function.Function;

/** Diffusers' scheduler classes for rectified flow. */
final class FlowSchedulers {
  private FlowSchedulers() {}

  static Scheduler euler(Options options) {
    return flowMatch(
        options,
        options.flag("stochastic_sampling") ? new ConsistencyMultistep(true) : new Euler(),
        1);
  }

  static Scheduler heun(Options options) {
    return flowMatch(options, new Heun(), 2);
  }

  static Scheduler lcm(Options options) {
    if (options.numbers("scale_factors").length > 0) {
      throw new IllegalArgumentException(
          "FlowMatchLCMScheduler with scale_factors is not supported, because it changes the"
              + " image size between steps; leave scale_factors out");
    }
    return flowMatch(options, new ConsistencyMultistep(true), 1);
  }

  /** A scheduler with the sigma schedule of {@code FlowMatchEulerDiscreteScheduler}. */
  static Scheduler eulerAncestral(Options options) {
    requireNoInvertedSigmas(options);
    SigmaOptions.of(options);
    var sigmaSchedule = new FlowSigmaSchedule(options, options.integer("num_train_timesteps"));
    var solver =
        new EulerAncestral.FlowEulerAncestral(options.number("eta"), options.number("s_noise"));
    return scheduler(
        options,
        request -> {
          // The class accepts sigmas under both names.
          double[] own = request.sigmas().length > 0 ? request.sigmas() : request.timesteps();
          return own.length > 0
              ? sigmaSchedule.fromSigmas(own)
              : sigmaSchedule.sigmaSchedule(request);
        },
        solver,
        1);
  }

  static Scheduler flowMapEuler(Options options) {
    var sigmaSchedule = new FlowSigmaSchedule(options, options.integer("num_train_timesteps"));
    return scheduler(
        options,
        request -> {
          double[] even =
              Arrays.copyOf(Sigmas.linspace(1, 0, request.steps() + 1), request.steps());
          double[] own = request.sigmas().length > 0
              ? request.sigmas()
              : sigmaSchedule.sigmas(request.timesteps());
          double[] sigmas = sigmaSchedule.shift(own.length > 0 ? own : even, request);
          return sigmaSchedule.sigmaSchedule(sigmaSchedule.timesteps(sigmas), sigmas);
        },
        new Euler(),
        1);
  }

  /** MiniMax's networks take the share of signal as the timestep, and predict {@code x0 - n}. */
  static Scheduler miniMaxH3(Options options) {
    double shift = options.number("shift");
    var training = NetworkConfig.continuous(1, Prediction.FLOW, FlowSchedulers::invertedScaling);
    return new ConfiguredScheduler(
        training,
        request -> {
          ConfiguredScheduler.Requests.requireNoTimestepsOrSigmas(request, options.className());
          ConfiguredScheduler.Requests.requireSteps(request.steps(), 2, Integer.MAX_VALUE);
          double[] sigmas = Sigmas.shift(Sigmas.linspace(1, 0, request.steps()), shift);
          return SigmaSchedule.of(
              Arrays.stream(sigmas)
                  .limit(sigmas.length - 1L)
                  .map(sigma -> 1 - sigma)
                  .toArray(),
              Arrays.stream(sigmas).mapToObj(NoiseLevel::flow).toList());
        },
        request -> new Euler(),
        all -> 1,
        1);
  }

  private static Scheduler flowMatch(Options options, Solver solver, int rowsPerStep) {
    if (solver instanceof ConsistencyMultistep) {
      requireNoInvertedSigmas(options);
    }
    SigmaOptions.of(options);
    var sigmaSchedule = new FlowSigmaSchedule(options, options.integer("num_train_timesteps"));
    return scheduler(options, sigmaSchedule::sigmaSchedule, solver, rowsPerStep);
  }

  private static Scheduler scheduler(
      Options options,
      Function<PlanRequest, SigmaSchedule> sigmaSchedules,
      Solver solver,
      int rowsPerStep) {
    NetworkConfig training = NetworkConfig.continuous(
        options.integer("num_train_timesteps"),
        Prediction.FLOW,
        options.flag("invert_sigmas") ? FlowSchedulers::invertedScaling : Prediction.FLOW::scaling);
    return new ConfiguredScheduler(
        training, sigmaSchedules, request -> solver, all -> 1, rowsPerStep);
  }

  /** Refuses fresh noise with inverted sigmas. */
  private static void requireNoInvertedSigmas(Options options) {
    if (options.flag("invert_sigmas")) {
      throw new IllegalArgumentException(
          options.className() + " with invert_sigmas cannot add noise;"
              + " leave invert_sigmas out or sample without noise");
    }
  }

  private static Step.Scaling invertedScaling(NoiseLevel level) {
    return new Step.Scaling(1, 1, level.sigma());
  }

  /**
   * Sigma schedules of rectified flow: sigmas from 1 to 0, shifted towards noise by a number or by
   * the resolution.
   *
   * @param options the class's options
   * @param length the number of training timesteps, which is the timestep of pure noise
   */
  record FlowSigmaSchedule(Options options, int length) {
    SigmaSchedule sigmaSchedule(PlanRequest request) {
      double[] sigmas = stretchToTerminal(shift(unshiftedSigmas(request), request));
      double[] respaced = SigmaOptions.of(options).sigmas(sigmas, sigmas.length);
      boolean own = request.timesteps().length > 0 && !isInverted();
      return sigmaSchedule(own ? request.timesteps() : timesteps(respaced), respaced);
    }

    /** A schedule of the caller's sigmas, of which the last one is the end. */
    SigmaSchedule fromSigmas(double[] sigmas) {
      double[] above = Arrays.copyOf(sigmas, sigmas.length - 1);
      return SigmaSchedule.of(
          timesteps(above), Arrays.stream(sigmas).mapToObj(NoiseLevel::flow).toList());
    }

    /** A schedule of sigmas that ends at 0. */
    SigmaSchedule sigmaSchedule(double[] timesteps, double[] sigmas) {
      double[] all = Arrays.copyOf(sigmas, sigmas.length + 1);
      return SigmaSchedule.of(
          timesteps, Arrays.stream(all).mapToObj(NoiseLevel::flow).toList());
    }

    double[] timesteps(double[] sigmas) {
      return Arrays.stream(sigmas)
          .map(sigma -> (isInverted() ? 1 - sigma : sigma) * length)
          .toArray();
    }

    // Mochi's networks take the share of signal as the timestep.
    private boolean isInverted() {
      return options.flag("invert_sigmas");
    }

    double[] sigmas(double[] times) {
      return Arrays.stream(ConfiguredScheduler.Requests.requireDescending(times, length + 1))
          .map(time -> time / length)
          .toArray();
    }

    private double[] unshiftedSigmas(PlanRequest request) {
      if (request.sigmas().length > 0) {
        return request.sigmas();
      }
      if (request.timesteps().length > 0) {
        return sigmas(request.timesteps());
      }
      double least = 1.0 / length;
      double[] ends = usesDynamicShifting()
          ? new double[] {least}
          : Sigmas.shift(new double[] {least}, PlanRequest.FlowShift.of(options));
      return Sigmas.linspace(1, ends[0], request.steps());
    }

    private boolean usesDynamicShifting() {
      return options.flag("use_dynamic_shifting");
    }

    double[] shift(double[] sigmas, PlanRequest request) {
      double shift = PlanRequest.FlowShift.of(options, request);
      // The reference's order of operations: some classes truncate timesteps to integers, so the
      // last bit matters.
      return usesDynamicShifting()
          ? Arrays.stream(sigmas)
              .map(sigma -> shift / (shift + (1 / sigma - 1)))
              .toArray()
          : Sigmas.shift(sigmas, shift);
    }

    double[] stretchToTerminal(double[] sigmas) {
      double terminal = options.number("shift_terminal", 0);
      if (terminal == 0 || sigmas[sigmas.length - 1] == 1) { // the formula divides by 0
        return sigmas;
      }
      double scale = (1 - sigmas[sigmas.length - 1]) / (1 - terminal);
      return Arrays.stream(sigmas).map(sigma -> 1 - (1 - sigma) / scale).toArray();
    }
  }
}
