package dev.likeness.schedulers.internal.diffusers;

import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.Options;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.Prediction;
import dev.likeness.schedulers.Scaling;
import dev.likeness.schedulers.Scheduler;
import dev.likeness.schedulers.SigmaSchedule;
import dev.likeness.schedulers.Sigmas;
import dev.likeness.schedulers.Solver;
import dev.likeness.schedulers.solvers.ConsistencyMultistep;
import dev.likeness.schedulers.solvers.Euler;
import dev.likeness.schedulers.solvers.FlowEulerAncestral;
import dev.likeness.schedulers.solvers.Heun;
import java.util.Arrays;
import java.util.function.Function;

/** The rectified-flow classes of diffusers. */
final class FlowSchedulers {
  private FlowSchedulers() {}

  static Scheduler euler(Options options) {
    return matched(
        options,
        options.flag("stochastic_sampling") ? new ConsistencyMultistep(true) : new Euler(),
        1);
  }

  static Scheduler heun(Options options) {
    return matched(options, new Heun(), 2);
  }

  static Scheduler lcm(Options options) {
    if (options.numbers("scale_factors").length > 0) {
      throw new IllegalArgumentException(
          "FlowMatchLCMScheduler with scale_factors grows the image between steps, which"
              + " a plan of one size cannot; leave scale_factors out");
    }
    return matched(options, new ConsistencyMultistep(true), 1);
  }

  /** On {@code FlowMatchEulerDiscreteScheduler}'s ladder. */
  static Scheduler ancestral(Options options) {
    requireNoise(options);
    SigmaOptions.of(options);
    var ladder = new FlowLadder(options, options.integer("num_train_timesteps"));
    var solver = new FlowEulerAncestral(options.number("eta"), options.number("s_noise"));
    return scheduler(
        options,
        request -> {
          // The class takes sigmas under both names.
          double[] own = request.sigmas().length > 0 ? request.sigmas() : request.timesteps();
          return own.length > 0 ? ladder.exactly(own) : ladder.ladder(request);
        },
        solver,
        1);
  }

  static Scheduler map(Options options) {
    var ladder = new FlowLadder(options, options.integer("num_train_timesteps"));
    return scheduler(
        options,
        request -> {
          double[] even =
              Arrays.copyOf(Sigmas.linspace(1, 0, request.steps() + 1), request.steps());
          double[] own =
              request.sigmas().length > 0 ? request.sigmas() : ladder.sigmas(request.timesteps());
          double[] sigmas = ladder.shifted(own.length > 0 ? own : even, request);
          return ladder.ladder(ladder.times(sigmas), sigmas);
        },
        new Euler(),
        1);
  }

  /** MiniMax's networks are told how much signal there is, and answer {@code x0 - n}. */
  static Scheduler toSignal(Options options) {
    double shift = options.number("shift");
    var training = NetworkConfig.continuous(1, Prediction.FLOW, FlowSchedulers::towardsSignal);
    return new ConfiguredScheduler(
        training,
        request -> {
          Requests.requireOwnTimesteps(request, options.owner());
          Requests.requireSteps(request.steps(), 2, Integer.MAX_VALUE);
          double[] sigmas = Sigmas.shifted(Sigmas.linspace(1, 0, request.steps()), shift);
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

  private static Scheduler matched(Options options, Solver solver, int rowsPerStep) {
    if (solver instanceof ConsistencyMultistep) {
      requireNoise(options);
    }
    SigmaOptions.of(options);
    var ladder = new FlowLadder(options, options.integer("num_train_timesteps"));
    return scheduler(options, ladder::ladder, solver, rowsPerStep);
  }

  private static Scheduler scheduler(
      Options options,
      Function<PlanRequest, SigmaSchedule> ladders,
      Solver solver,
      int rowsPerStep) {
    NetworkConfig training = NetworkConfig.continuous(
        options.integer("num_train_timesteps"),
        Prediction.FLOW,
        options.flag("invert_sigmas") ? FlowSchedulers::towardsSignal : Prediction.FLOW::at);
    return new ConfiguredScheduler(training, ladders, request -> solver, all -> 1, rowsPerStep);
  }

  /** Refuses to add fresh noise by levels that count signal. */
  private static void requireNoise(Options options) {
    if (options.flag("invert_sigmas")) {
      throw new IllegalArgumentException(
          options.owner() + " with invert_sigmas counts signal, and its noise would be"
              + " added as signal; leave invert_sigmas out or sample without noise");
    }
  }

  private static Scaling towardsSignal(NoiseLevel level) {
    return new Scaling(1, 1, level.sigma());
  }
}
