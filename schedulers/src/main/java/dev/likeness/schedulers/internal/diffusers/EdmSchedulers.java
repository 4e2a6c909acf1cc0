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
import dev.likeness.schedulers.solvers.Churn;
import dev.likeness.schedulers.solvers.DpmAlgorithm;
import dev.likeness.schedulers.solvers.Euler;
import dev.likeness.schedulers.solvers.Heun;
import java.util.Arrays;
import java.util.Set;
import java.util.function.DoubleUnaryOperator;

/**
 * Diffusers' scheduler classes for networks with EDM preconditioning (arXiv:2206.00364, table 1). A
 * network is called with a quarter of log sigma, c_noise in the table.
 */
final class EdmSchedulers {
  private EdmSchedulers() {}

  static Scheduler euler(Options options) {
    return scheduler(options, new Euler(), sigma -> 0.25 * Math.log(sigma));
  }

  static Scheduler multistep(Options options) {
    String algorithm = options.oneOf("algorithm_type", "dpmsolver++", "sde-dpmsolver++", "deis");
    var data = "sde-dpmsolver++".equals(algorithm)
        ? DpmAlgorithm.SDE_DPM_SOLVER_PLUS_PLUS
        : DpmAlgorithm.DPM_SOLVER_PLUS_PLUS;
    return scheduler(
        options, DpmSchedulers.multistepSolver(options, data), sigma -> 0.25 * Math.log(sigma));
  }

  static Scheduler cosine(Options options) {
    return scheduler(
        options,
        DpmSchedulers.multistepSolver(options, DpmAlgorithm.SDE_DPM_SOLVER_PLUS_PLUS),
        sigma -> Math.atan(sigma) / Math.PI * 2);
  }

  /**
   * The paper's algorithm 2 on a geometric schedule, for networks that predict {@code (D - x) /
   * sigma}. As in the class, the schedule has squared sigmas, but the first sample has the largest
   * sigma.
   */
  static Scheduler karrasVe(Options options) {
    double max = options.number("sigma_max");
    double min = options.number("sigma_min");
    var churn = new Churn(
        options.number("s_churn"),
        options.number("s_min"),
        options.number("s_max"),
        options.number("s_noise"),
        sigma -> sigma);
    if (churn.maxSigma() >= max * max) {
      throw new IllegalArgumentException("KarrasVeScheduler cannot add churn at its first sigma, "
          + max * max + " (the square of sigma_max), got s_max " + churn.maxSigma()
          + "; set s_max below this sigma");
    }
    NetworkConfig training = NetworkConfig.continuous(
        1, Prediction.EPSILON, level -> new Step.Scaling(1, 1, level.sigma()));
    return new ConfiguredScheduler(
        training,
        request -> {
          ConfiguredScheduler.Requests.requireNoTimestepsOrSigmas(request, options.className());
          ConfiguredScheduler.Requests.requireSteps(request.steps(), 2, Integer.MAX_VALUE);
          double[] sigmas = Sigmas.exponential(max * max, min * min, request.steps());
          return SigmaSchedule.of(
              sigmas,
              Arrays.stream(Arrays.copyOf(sigmas, sigmas.length + 1))
                  .mapToObj(NoiseLevel::varianceExploding)
                  .toList());
        },
        request -> new Heun(churn),
        all -> max,
        2);
  }

  private static Scheduler scheduler(
      Options options, Solver solver, DoubleUnaryOperator timestepOf) {
    Prediction prediction =
        NetworkConfig.prediction(options, Set.of(Prediction.EPSILON, Prediction.V));
    double data = options.number("sigma_data");
    double sign = prediction == Prediction.V ? -1 : 1;
    NetworkConfig training = NetworkConfig.continuous(
            options.integer("num_train_timesteps"),
            prediction,
            level -> scaling(level.sigma(), data, sign))
        .withClipping(NetworkConfig.clipping(options));
    double max = options.number("sigma_max");
    return new ConfiguredScheduler(
        training,
        request -> sigmaSchedule(options, request, timestepOf),
        request -> solver,
        all -> Math.sqrt(max * max + 1),
        1);
  }

  private static Step.Scaling scaling(double sigma, double data, double sign) {
    double spread = sigma * sigma + data * data;
    return new Step.Scaling(
        1 / Math.sqrt(spread), data * data / spread, sign * sigma * data / Math.sqrt(spread));
  }

  private static SigmaSchedule sigmaSchedule(
      Options options, PlanRequest request, DoubleUnaryOperator timestepOf) {
    ConfiguredScheduler.Requests.requireNoTimestepsOrSigmas(request, options.className());
    double max = options.number("sigma_max");
    double min = options.number("sigma_min");
    boolean karras = "karras".equals(options.oneOf("sigma_schedule", "karras", "exponential"));
    double[] sigmas = karras
        ? Sigmas.karras(max, min, request.steps(), options.number("rho"))
        : Sigmas.exponential(request.steps() == 1 ? min : max, min, request.steps());
    double[] all = Arrays.copyOf(sigmas, sigmas.length + 1);
    // The multistep classes end at sigma_min. Euler's repeats the last level, which differs for one
    // step.
    double least = options.has("solver_order") ? min : sigmas[sigmas.length - 1];
    all[sigmas.length] = SigmaOptions.LastSigma.isZero(options) ? 0 : least;
    return SigmaSchedule.of(
        Arrays.stream(sigmas).map(timestepOf).toArray(),
        Arrays.stream(all).mapToObj(NoiseLevel::varianceExploding).toList());
  }
}
