package dev.likeness.schedulers.internal.diffusers;

import static dev.likeness.schedulers.Prediction.EPSILON;
import static dev.likeness.schedulers.Prediction.SAMPLE;
import static dev.likeness.schedulers.Prediction.V;

import dev.likeness.schedulers.Options;
import dev.likeness.schedulers.Prediction;
import dev.likeness.schedulers.Scheduler;
import dev.likeness.schedulers.Solver;
import dev.likeness.schedulers.solvers.Churn;
import dev.likeness.schedulers.solvers.Dpm2;
import dev.likeness.schedulers.solvers.Dpm2Ancestral;
import dev.likeness.schedulers.solvers.DpmPlusPlusSde;
import dev.likeness.schedulers.solvers.Euler;
import dev.likeness.schedulers.solvers.EulerAncestral;
import dev.likeness.schedulers.solvers.Heun;
import dev.likeness.schedulers.solvers.Lms;
import java.util.Set;
import java.util.function.DoubleUnaryOperator;

/** The classes of diffusers in k-diffusion's form. */
final class EulerSchedulers {
  private EulerSchedulers() {}

  static Scheduler euler(Options options) {
    return scheduler(options, training(options, EPSILON, V, SAMPLE), new Euler(), 1, false);
  }

  static Scheduler eulerAncestral(Options options) {
    return scheduler(options, training(options, EPSILON, V), new EulerAncestral(1, 1), 1, false);
  }

  static Scheduler heun(Options options) {
    return scheduler(options, training(options, EPSILON, V, SAMPLE), new Heun(), 2, false);
  }

  static Scheduler dpm2(Options options) {
    NetworkConfig training = training(options, EPSILON, V);
    return scheduler(options, training, new Dpm2(Churn.NONE, timesteps(training)), 2, true);
  }

  static Scheduler dpm2Ancestral(Options options) {
    NetworkConfig training = training(options, EPSILON, V);
    return scheduler(options, training, new Dpm2Ancestral(1, 1, timesteps(training)), 2, true);
  }

  static Scheduler lms(Options options) {
    return scheduler(options, training(options, EPSILON, V, SAMPLE), new Lms(4, true), 1, false);
  }

  static Scheduler dpmSde(Options options) {
    NetworkConfig training = training(options, EPSILON, V);
    return scheduler(options, training, new DpmPlusPlusSde(1, 1, timesteps(training)), 2, false);
  }

  private static NetworkConfig training(Options options, Prediction... predictions) {
    return NetworkConfig.withFiniteSigmas(options, Set.of(predictions));
  }

  private static DoubleUnaryOperator timesteps(NetworkConfig training) {
    return sigma -> training.schedule().timesteps(new double[] {sigma})[0];
  }

  private static Scheduler scheduler(
      Options options,
      NetworkConfig training,
      Solver solver,
      int rowsPerStep,
      boolean wholeKarras) {
    var ladder = new ExplodingLadder(options, training, wholeKarras);
    SigmaOptions.of(options);
    return new ConfiguredScheduler(
        training, ladder::ladder, request -> solver, ladder::pureNoise, rowsPerStep);
  }
}
