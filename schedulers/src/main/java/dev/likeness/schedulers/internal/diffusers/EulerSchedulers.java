package dev.likeness.schedulers.internal.diffusers;

import static dev.likeness.schedulers.Prediction.EPSILON;
import static dev.likeness.schedulers.Prediction.SAMPLE;
import static dev.likeness.schedulers.Prediction.V;

import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.NoiseSchedule;
import dev.likeness.schedulers.Options;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.Prediction;
import dev.likeness.schedulers.Scheduler;
import dev.likeness.schedulers.SigmaSchedule;
import dev.likeness.schedulers.Solver;
import dev.likeness.schedulers.internal.Sigmas;
import dev.likeness.schedulers.internal.TimestepSpacing;
import dev.likeness.schedulers.solvers.Churn;
import dev.likeness.schedulers.solvers.Dpm2;
import dev.likeness.schedulers.solvers.Dpm2Ancestral;
import dev.likeness.schedulers.solvers.DpmPlusPlusSde;
import dev.likeness.schedulers.solvers.Euler;
import dev.likeness.schedulers.solvers.EulerAncestral;
import dev.likeness.schedulers.solvers.Heun;
import dev.likeness.schedulers.solvers.Lms;
import java.util.Arrays;
import java.util.Set;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.DoubleStream;

/** Diffusers' scheduler classes in k-diffusion's form. */
final class EulerSchedulers {
  private EulerSchedulers() {}

  static Scheduler euler(Options options) {
    return scheduler(options, network(options, EPSILON, V, SAMPLE), new Euler(), 1, false);
  }

  static Scheduler eulerAncestral(Options options) {
    return scheduler(options, network(options, EPSILON, V), new EulerAncestral(1, 1), 1, false);
  }

  static Scheduler heun(Options options) {
    return scheduler(options, network(options, EPSILON, V, SAMPLE), new Heun(), 2, false);
  }

  static Scheduler dpm2(Options options) {
    NetworkConfig training = network(options, EPSILON, V);
    return scheduler(options, training, new Dpm2(Churn.NONE, timesteps(training)), 2, true);
  }

  static Scheduler dpm2Ancestral(Options options) {
    NetworkConfig training = network(options, EPSILON, V);
    return scheduler(options, training, new Dpm2Ancestral(1, 1, timesteps(training)), 2, true);
  }

  static Scheduler lms(Options options) {
    return scheduler(options, network(options, EPSILON, V, SAMPLE), new Lms(4, true), 1, false);
  }

  static Scheduler dpmSde(Options options) {
    NetworkConfig training = network(options, EPSILON, V);
    return scheduler(options, training, new DpmPlusPlusSde(1, 1, timesteps(training)), 2, false);
  }

  private static NetworkConfig network(Options options, Prediction... predictions) {
    return NetworkConfig.withFiniteSigmas(options, Set.of(predictions));
  }

  private static DoubleUnaryOperator timesteps(NetworkConfig training) {
    return sigma -> training.noiseSchedule().timesteps(new double[] {sigma})[0];
  }

  private static Scheduler scheduler(
      Options options,
      NetworkConfig training,
      Solver solver,
      int rowsPerStep,
      boolean wholeKarras) {
    var sigmaSchedule = new EulerSigmaSchedule(options, training, wholeKarras);
    SigmaOptions.of(options);
    return new ConfiguredScheduler(
        training,
        sigmaSchedule::sigmaSchedule,
        request -> solver,
        sigmaSchedule::initNoiseSigma,
        rowsPerStep);
  }

  /**
   * Sigma schedules in k-diffusion's form, {@code x = x0 + sigma n}: of Euler, Heun, DPM2, LMS and
   * similar classes.
   *
   * @param options the class's options
   * @param network the trained levels
   * @param roundsKarrasTimesteps whether the timesteps of a Karras schedule are rounded
   */
  record EulerSigmaSchedule(Options options, NetworkConfig network, boolean roundsKarrasTimesteps) {
    SigmaSchedule sigmaSchedule(PlanRequest request) {
      if (request.sigmas().length > 0) {
        return fromSigmas(request.sigmas());
      }
      NoiseSchedule schedule = network.noiseSchedule();
      double[] timesteps = request.timesteps().length > 0
          ? requireCustomTimesteps(request.timesteps())
          : spacedTimesteps(request.steps());
      int count = timesteps.length;
      double[] sigmas = schedule.sigmas(timesteps);
      if (isLogLinear()) {
        double[] table = schedule.sigmas();
        sigmas = Sigmas.exponential(table[table.length - 1], table[0], count + 1);
      }
      SigmaOptions respacing = SigmaOptions.of(options);
      double[] respaced = respacing.sigmas(sigmas, count);
      if (!respacing.isNone()) {
        boolean rounds = roundsKarrasTimesteps && respacing.kind() == SigmaOptions.Kind.KARRAS;
        timesteps = Arrays.stream(schedule.timesteps(respaced))
            .map(t -> rounds ? Math.rint(t) : t)
            .toArray();
      }
      return sigmaSchedule(
          timesteps,
          DoubleStream.concat(Arrays.stream(respaced), DoubleStream.of(lastSigma()))
              .toArray());
    }

    private double[] requireCustomTimesteps(double[] timesteps) {
      SigmaOptions.Kind kind = SigmaOptions.of(options).kind();
      if (kind != SigmaOptions.Kind.NONE || isContinuous()) {
        throw new IllegalArgumentException(options.className()
            + (isContinuous() ? " with timestep_type continuous" : " with " + kind.option())
            + " computes its own timesteps; give sigmas, or leave that option out");
      }
      return ConfiguredScheduler.Requests.requireDescending(timesteps, network.length());
    }

    private boolean isLogLinear() {
      return options.has("interpolation_type")
          && "log_linear".equals(options.oneOf("interpolation_type", "linear", "log_linear"));
    }

    private double[] spacedTimesteps(int steps) {
      TimestepSpacing spacing = TimestepSpacing.parse(options.text("timestep_spacing"));
      int trained = network.noiseSchedule().length();
      ConfiguredScheduler.Requests.requireSteps(
          steps, 1, spacing == TimestepSpacing.LINSPACE ? Integer.MAX_VALUE : trained);
      return spacing.timesteps(steps, trained, options.integer("steps_offset"));
    }

    private double lastSigma() {
      return SigmaOptions.LastSigma.isZero(options)
          ? 0
          : network.noiseSchedule().sigmas()[0];
    }

    private SigmaSchedule fromSigmas(double[] sigmas) {
      double[] above = Arrays.copyOf(sigmas, sigmas.length - 1);
      return sigmaSchedule(network.noiseSchedule().timesteps(above), sigmas);
    }

    // The reference has one sigma too many in a log-linear schedule and never reaches the last.
    private SigmaSchedule sigmaSchedule(double[] timesteps, double[] sigmas) {
      double[] used = Arrays.copyOf(sigmas, timesteps.length + 1);
      return SigmaSchedule.of(
          networkTimesteps(timesteps, used),
          Arrays.stream(used).mapToObj(NoiseLevel::varianceExploding).toList());
    }

    // The timestep of networks trained on continuous time is 0.25 log sigma.
    private double[] networkTimesteps(double[] timesteps, double[] sigmas) {
      return isContinuous()
          ? Arrays.stream(sigmas)
              .limit(sigmas.length - 1L)
              .map(sigma -> 0.25 * Math.log(sigma))
              .toArray()
          : timesteps;
    }

    private boolean isContinuous() {
      return options.has("timestep_type")
          && "continuous".equals(options.oneOf("timestep_type", "discrete", "continuous"))
          && "v_prediction".equals(options.text("prediction_type"));
    }

    /** The standard deviation of a first sample of pure noise. */
    double initNoiseSigma(SigmaSchedule sigmaSchedule) {
      double max = sigmaSchedule.maxSigma();
      return "leading".equals(options.text("timestep_spacing")) ? Math.sqrt(max * max + 1) : max;
    }
  }
}
