package dev.likeness.schedulers.diffusers;

import dev.likeness.schedulers.Options;
import dev.likeness.schedulers.Prediction;
import dev.likeness.schedulers.Scheduler;
import dev.likeness.schedulers.solvers.DpmAlgorithm;
import dev.likeness.schedulers.solvers.DpmSolverMultistep;
import dev.likeness.schedulers.solvers.OrderAtEnd;
import java.util.EnumSet;

/** The DPM-Solver classes of diffusers. */
final class DpmSolvers {
  private DpmSolvers() {
  }

  static Scheduler multistep(Options options) {
    Training training = Training.of(options, EnumSet.allOf(Prediction.class), true);
    var ladder = new PreservingLadder(options, training);
    boolean clean = LastSigma.isClean(options);
    var end = new OrderAtEnd(options.flag("euler_at_final") || clean, options.flag("lower_order_final"));
    var solver = new DpmSolverMultistep(algorithm(options, clean), options.integer("solver_order"), heun(options), end);
    Respacing.of(options);
    return new LadderScheduler(training, ladder::ladder, request -> solver, all -> 1, 1);
  }

  private static DpmAlgorithm algorithm(Options options, boolean clean) {
    DpmAlgorithm algorithm = switch (options.oneOf("algorithm_type", "dpmsolver++", "sde-dpmsolver++", "dpmsolver",
        "sde-dpmsolver", "deis")) {
      case "sde-dpmsolver++" -> DpmAlgorithm.DATA_SDE;
      case "dpmsolver" -> DpmAlgorithm.NOISE;
      case "sde-dpmsolver" -> DpmAlgorithm.NOISE_SDE;
      default -> DpmAlgorithm.DATA;
    };
    if (clean && !algorithm.predictsData()) {
      throw new IllegalArgumentException("algorithm_type " + options.text("algorithm_type")
          + " cannot end without noise; set final_sigmas_type to sigma_min or use dpmsolver++");
    }
    return algorithm;
  }

  private static boolean heun(Options options) {
    return "heun".equals(options.oneOf("solver_type", "midpoint", "heun", "logrho", "bh1", "bh2"));
  }
}
