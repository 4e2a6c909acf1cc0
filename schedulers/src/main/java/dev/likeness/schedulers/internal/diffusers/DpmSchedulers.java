package dev.likeness.schedulers.internal.diffusers;

import dev.likeness.schedulers.Options;
import dev.likeness.schedulers.Prediction;
import dev.likeness.schedulers.Scheduler;
import dev.likeness.schedulers.Solver;
import dev.likeness.schedulers.internal.diffusers.DpmSigmaSchedules.FinalSigma;
import dev.likeness.schedulers.solvers.Deis;
import dev.likeness.schedulers.solvers.DpmAlgorithm;
import dev.likeness.schedulers.solvers.DpmSolverMultistep;
import dev.likeness.schedulers.solvers.DpmSolverSinglestep;
import dev.likeness.schedulers.solvers.SaSolver;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** Diffusers' DPM-Solver classes, and others with the same sigma schedules. */
final class DpmSchedulers {
  private static final Set<Prediction> PREDICTIONS = EnumSet.allOf(Prediction.class);

  private DpmSchedulers() {}

  static Scheduler multistep(Options options) {
    return scheduler(options, FinalSigma.SIGMA_MIN, multistepSolver(options, algorithm(options)));
  }

  /** The multistep solver of the options that its classes share. */
  static Solver multistepSolver(Options options, DpmAlgorithm algorithm) {
    boolean clean = options.has("final_sigmas_type") && SigmaOptions.LastSigma.isZero(options);
    boolean firstAtLast = options.flag("euler_at_final") || clean;
    var end = new DpmSolverMultistep.FinalOrder(firstAtLast, options.flag("lower_order_final"));
    return new DpmSolverMultistep(algorithm, options.integer("solver_order"), heun(options), end);
  }

  static Scheduler singlestep(Options options) {
    DpmAlgorithm algorithm = algorithm(options);
    boolean heun = heun(options);
    NetworkConfig training = NetworkConfig.of(options, PREDICTIONS);
    var sigmaSchedule =
        new DpmSigmaSchedules(options, training, FinalSigma.of(options, FinalSigma.SIGMA_MIN));
    SigmaOptions.requireNoFlowSigmas(options);
    return ConfiguredScheduler.withUnitNoise(
        training,
        sigmaSchedule::sigmaSchedule,
        request -> new DpmSolverSinglestep(algorithm, orders(options, request.steps()), heun));
  }

  static Scheduler deis(Options options) {
    options.oneOf("algorithm_type", "deis", "dpmsolver", "dpmsolver++");
    options.oneOf("solver_type", "logrho", "midpoint", "heun", "bh1", "bh2");
    var solver = new Deis(
        options.integer("solver_order"),
        new DpmSolverMultistep.FinalOrder(false, options.flag("lower_order_final")));
    NetworkConfig training = NetworkConfig.of(options, PREDICTIONS);
    return scheduler(options, training, FinalSigma.LAST_REPEATED, solver);
  }

  static Scheduler sa(Options options) {
    boolean data = "data_prediction"
        .equals(options.oneOf("algorithm_type", "data_prediction", "noise_prediction"));
    if (options.isSet("tau_func")) {
      throw new IllegalArgumentException(
          "SASolverScheduler cannot read the function tau_func from a config; leave it out, or"
              + " use a CustomScheduler with the solver SaSolver");
    }
    var solver = new SaSolver(
        options.integer("predictor_order"),
        options.integer("corrector_order"),
        data,
        options.flag("lower_order_final"),
        false,
        timestep -> timestep >= 200 && timestep <= 800 ? 1 : 0);
    return scheduler(
        options, NetworkConfig.of(options, PREDICTIONS), FinalSigma.LAST_REPEATED, solver);
  }

  static Scheduler inverse(Options options) {
    DpmAlgorithm algorithm = algorithm(options);
    if (algorithm.isStochastic() && !options.flag("use_flow_sigmas")) {
      throw new IllegalArgumentException("DPMSolverMultistepInverseScheduler supports"
          + " algorithm_type dpmsolver++ and dpmsolver, got " + options.text("algorithm_type"));
    }
    NetworkConfig training = NetworkConfig.of(options, PREDICTIONS);
    Solver solver = multistepSolver(options, algorithm);
    SigmaOptions.requireNoFlowSigmas(options);
    return ConfiguredScheduler.withUnitNoise(
        training,
        new DpmSigmaSchedules.InverseSigmaSchedule(options, training)::sigmaSchedule,
        request -> solver);
  }

  private static Scheduler scheduler(Options options, FinalSigma end, Solver solver) {
    return scheduler(
        options,
        NetworkConfig.withFiniteSigmas(options, PREDICTIONS),
        FinalSigma.of(options, end),
        solver);
  }

  private static Scheduler scheduler(
      Options options, NetworkConfig training, FinalSigma end, Solver solver) {
    var sigmaSchedule = new DpmSigmaSchedules(options, training, end);
    SigmaOptions.requireNoFlowSigmas(options);
    return ConfiguredScheduler.withUnitNoise(
        training, sigmaSchedule::sigmaSchedule, request -> solver);
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
          case "sde-dpmsolver++" -> DpmAlgorithm.SDE_DPM_SOLVER_PLUS_PLUS;
          case "dpmsolver" -> DpmAlgorithm.DPM_SOLVER;
          case "sde-dpmsolver" -> DpmAlgorithm.SDE_DPM_SOLVER;
          default -> DpmAlgorithm.DPM_SOLVER_PLUS_PLUS;
        };
    if (options.has("final_sigmas_type")
        && SigmaOptions.LastSigma.isZero(options)
        && !algorithm.predictsX0()) {
      throw new IllegalArgumentException("algorithm_type " + options.text("algorithm_type")
          + " cannot end without noise; set final_sigmas_type to sigma_min or use dpmsolver++");
    }
    return algorithm;
  }

  static boolean heun(Options options) {
    return "heun".equals(options.oneOf("solver_type", "midpoint", "heun", "logrho", "bh1", "bh2"));
  }

  /** The orders of a single-step solver: 1, 2, ... k repeatedly, ending with steps of low order. */
  private static List<Integer> orders(Options options, int steps) {
    int order = options.integer("solver_order");
    if (order < 1 || order > 3) {
      throw new IllegalArgumentException(
          options.className() + " needs a solver_order of 1 to 3, got " + order);
    }
    List<Integer> orders = new ArrayList<>();
    for (int i = 0; i < steps; i++) {
      orders.add(i % order + 1);
    }
    if (SigmaOptions.LastSigma.isZero(options)
        || options.flag("lower_order_final") && steps % order == 0) {
      orders.set(steps - 1, 1);
    }
    return orders;
  }
}
