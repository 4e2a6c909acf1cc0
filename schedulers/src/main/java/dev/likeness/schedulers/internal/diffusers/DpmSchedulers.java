package dev.likeness.schedulers.internal.diffusers;

import dev.likeness.schedulers.Options;
import dev.likeness.schedulers.Prediction;
import dev.likeness.schedulers.Scheduler;
import dev.likeness.schedulers.Solver;
import dev.likeness.schedulers.internal.diffusers.DpmSigmaSchedules.End;
import dev.likeness.schedulers.solvers.Deis;
import dev.likeness.schedulers.solvers.DpmAlgorithm;
import dev.likeness.schedulers.solvers.DpmSolverMultistep;
import dev.likeness.schedulers.solvers.DpmSolverSinglestep;
import dev.likeness.schedulers.solvers.SaSolver;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** The DPM-Solver classes of diffusers and their kin on the same ladders. */
final class DpmSchedulers {
  private static final Set<Prediction> ALL = EnumSet.allOf(Prediction.class);

  private DpmSchedulers() {}

  static Scheduler multistep(Options options) {
    return scheduler(options, End.FIRST_TRAINED, multistepSolver(options, algorithm(options)));
  }

  /** The multistep solver of the options that all classes with it share. */
  static Solver multistepSolver(Options options, DpmAlgorithm algorithm) {
    boolean clean = options.has("final_sigmas_type") && SigmaOptions.LastSigma.isClean(options);
    boolean firstAtLast = options.flag("euler_at_final") || clean;
    var end = new DpmSolverMultistep.FinalOrder(firstAtLast, options.flag("lower_order_final"));
    return new DpmSolverMultistep(algorithm, options.integer("solver_order"), heun(options), end);
  }

  static Scheduler singlestep(Options options) {
    DpmAlgorithm algorithm = algorithm(options);
    boolean heun = heun(options);
    NetworkConfig training = NetworkConfig.of(options, ALL);
    var ladder = new DpmSigmaSchedules(options, training, End.of(options, End.FIRST_TRAINED));
    SigmaOptions.notInFlow(options);
    return ConfiguredScheduler.unit(
        training,
        ladder::ladder,
        request -> new DpmSolverSinglestep(algorithm, orders(options, request.steps()), heun));
  }

  static Scheduler deis(Options options) {
    options.oneOf("algorithm_type", "deis", "dpmsolver", "dpmsolver++");
    options.oneOf("solver_type", "logrho", "midpoint", "heun", "bh1", "bh2");
    var solver = new Deis(
        options.integer("solver_order"),
        new DpmSolverMultistep.FinalOrder(false, options.flag("lower_order_final")));
    NetworkConfig training = NetworkConfig.of(options, ALL);
    return scheduler(options, training, End.LAST_REPEATED, solver);
  }

  static Scheduler sa(Options options) {
    boolean data = "data_prediction"
        .equals(options.oneOf("algorithm_type", "data_prediction", "noise_prediction"));
    if (options.isSet("tau_func")) {
      throw new IllegalArgumentException(
          "SASolverScheduler cannot read tau_func from a config; use SaSolver itself");
    }
    var solver = new SaSolver(
        options.integer("predictor_order"),
        options.integer("corrector_order"),
        data,
        options.flag("lower_order_final"),
        false,
        timestep -> timestep >= 200 && timestep <= 800 ? 1 : 0);
    return scheduler(options, NetworkConfig.of(options, ALL), End.LAST_REPEATED, solver);
  }

  static Scheduler inverse(Options options) {
    DpmAlgorithm algorithm = algorithm(options);
    if (algorithm.stochastic() && !options.flag("use_flow_sigmas")) {
      throw new IllegalArgumentException(
          "DPMSolverMultistepInverseScheduler climbs without noise and has"
              + " algorithm_type dpmsolver++ and dpmsolver, not " + options.text("algorithm_type"));
    }
    NetworkConfig training = NetworkConfig.of(options, ALL);
    Solver solver = multistepSolver(options, algorithm);
    SigmaOptions.notInFlow(options);
    return ConfiguredScheduler.unit(
        training,
        new DpmSigmaSchedules.InverseLadder(options, training)::ladder,
        request -> solver);
  }

  private static Scheduler scheduler(Options options, End end, Solver solver) {
    return scheduler(
        options, NetworkConfig.withFiniteSigmas(options, ALL), End.of(options, end), solver);
  }

  private static Scheduler scheduler(
      Options options, NetworkConfig training, End end, Solver solver) {
    var ladder = new DpmSigmaSchedules(options, training, end);
    SigmaOptions.notInFlow(options);
    return ConfiguredScheduler.unit(training, ladder::ladder, request -> solver);
  }

  static DpmAlgorithm algorithm(Options options) {
    DpmAlgorithm algorithm =
        switch (options.oneOf(
            "algorithm_type",
            "dpmsolver++",
            "sde-dpmsolver++",
            "dpmsolver",
            "sde-dpmsolver",
            "deis")) {
          case "sde-dpmsolver++" -> DpmAlgorithm.DATA_SDE;
          case "dpmsolver" -> DpmAlgorithm.NOISE;
          case "sde-dpmsolver" -> DpmAlgorithm.NOISE_SDE;
          default -> DpmAlgorithm.DATA;
        };
    if (options.has("final_sigmas_type")
        && SigmaOptions.LastSigma.isClean(options)
        && !algorithm.predictsData()) {
      throw new IllegalArgumentException("algorithm_type " + options.text("algorithm_type")
          + " cannot end without noise; set final_sigmas_type to sigma_min or use dpmsolver++");
    }
    return algorithm;
  }

  static boolean heun(Options options) {
    return "heun".equals(options.oneOf("solver_type", "midpoint", "heun", "logrho", "bh1", "bh2"));
  }

  /**
   * The single-step orders: 1, 2, ... k again and again, cut so that the last steps are of low
   * order.
   */
  private static List<Integer> orders(Options options, int steps) {
    int order = options.integer("solver_order");
    if (order < 1 || order > 3) {
      throw new IllegalArgumentException(
          "single-step DPM-Solver needs an order of 1 to 3, got " + order);
    }
    List<Integer> orders = new ArrayList<>();
    for (int i = 0; i < steps; i++) {
      orders.add(i % order + 1);
    }
    if (SigmaOptions.LastSigma.isClean(options)
        || options.flag("lower_order_final") && steps % order == 0) {
      orders.set(steps - 1, 1);
    }
    return orders;
  }
}
