package dev.likeness.schedulers.internal.diffusers;

import static dev.likeness.schedulers.Prediction.EPSILON;
import static dev.likeness.schedulers.Prediction.SAMPLE;
import static dev.likeness.schedulers.Prediction.V;

import dev.likeness.schedulers.Clipping;
import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.NoiseSchedule;
import dev.likeness.schedulers.Options;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.Prediction;
import dev.likeness.schedulers.Scheduler;
import dev.likeness.schedulers.SigmaSchedule;
import dev.likeness.schedulers.internal.Sigmas;
import dev.likeness.schedulers.internal.TimestepSpacing;
import dev.likeness.schedulers.solvers.Ddim;
import dev.likeness.schedulers.solvers.Ddpm;
import dev.likeness.schedulers.solvers.DpmAlgorithm;
import dev.likeness.schedulers.solvers.DpmSolverMultistep;
import dev.likeness.schedulers.solvers.Ipndm;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/** Diffusers' scheduler classes whose steps are training timesteps: DDPM, DDIM and similar. */
final class DdpmSchedulers {
  private static final Set<Prediction> PREDICTIONS = Set.of(EPSILON, V, SAMPLE);
  private static final double MIN_VARIANCE = 1e-20;

  private DdpmSchedulers() {}

  static Scheduler ddpm(Options options) {
    NetworkConfig training = NetworkConfig.of(options, PREDICTIONS);
    var sigmaSchedule = TrainedTimesteps.of(options, training);
    Ddpm.Variance variance = variance(options);
    return ConfiguredScheduler.withUnitNoise(
        training, sigmaSchedule::ddpmSchedule, request -> new Ddpm(variance, MIN_VARIANCE, true));
  }

  // Saved configs of DPM-Solver have null.
  private static Ddpm.Variance variance(Options options) {
    if (!options.isSet("variance_type")) {
      return Ddpm.Variance.SMALL;
    }
    return switch (options.oneOf(
        "variance_type",
        "fixed_small",
        "fixed_small_log",
        "fixed_large",
        "fixed_large_log",
        "learned",
        "learned_range")) {
      case "fixed_small", "fixed_small_log" -> Ddpm.Variance.SMALL;
      case "learned" -> Ddpm.Variance.LEARNED;
      case "learned_range" -> Ddpm.Variance.LEARNED_RANGE;
      default -> Ddpm.Variance.LARGE;
    };
  }

  static Scheduler unclip(Options options) {
    NetworkConfig training = NetworkConfig.of(options, Set.of(EPSILON, SAMPLE));
    boolean trained =
        "learned_range".equals(options.oneOf("variance_type", "fixed_small_log", "learned_range"));
    options.oneOf("beta_schedule", "squaredcos_cap_v2");
    var solver =
        new Ddpm(trained ? Ddpm.Variance.LEARNED_RANGE : Ddpm.Variance.SMALL, MIN_VARIANCE, true);
    return new ConfiguredScheduler(
        training,
        request -> {
          ConfiguredScheduler.Requests.requireNoTimestepsOrSigmas(request, options.className());
          ConfiguredScheduler.Requests.requireSteps(request.steps(), 2, training.length());
          double[] rising = Sigmas.linspace(0, training.length() - 1, request.steps());
          double[] timesteps =
              Arrays.stream(DpmSigmaSchedules.reversed(rising)).map(Math::rint).toArray();
          return new TrainedTimesteps(training, null, 0, NoiseLevel.CLEAN)
              .ddpmSchedule(PlanRequest.ofTimesteps(timesteps));
        },
        request -> solver,
        all -> 1,
        1);
  }

  static Scheduler ddim(Options options) {
    NetworkConfig training = NetworkConfig.of(options, PREDICTIONS);
    var sigmaSchedule = TrainedTimesteps.of(options, training);
    return ConfiguredScheduler.withUnitNoise(
        training, sigmaSchedule::ddimSchedule, request -> new Ddim(request.eta().orElse(0)));
  }

  static Scheduler ddimInverse(Options options) {
    NetworkConfig training = NetworkConfig.of(options, PREDICTIONS);
    var sigmaSchedule = TrainedTimesteps.of(options, training);
    if ("linspace".equals(options.text("timestep_spacing"))) {
      throw new IllegalArgumentException(
          "DDIMInverseScheduler supports timestep_spacing leading and trailing, got linspace");
    }
    if (sigmaSchedule.end().sigma() == 0 && training.prediction() == SAMPLE) {
      throw new IllegalArgumentException(
          "DDIMInverseScheduler with prediction_type sample cannot start at a clean image;"
              + " use epsilon or v_prediction, or set set_alpha_to_one to false");
    }
    return ConfiguredScheduler.withUnitNoise(
        training, sigmaSchedule::inverseSchedule, request -> new Ddim(0));
  }

  /** Wuerstchen's networks take the time in 0..1, on a continuous cosine schedule. */
  static Scheduler wuerstchen(Options options) {
    double s = options.number("s");
    double scaler = options.number("scaler");
    double start = cosine(0, s);
    var solver = new Ddpm(Ddpm.Variance.SMALL, 0, false);
    return new ConfiguredScheduler(
        NetworkConfig.continuous(1, EPSILON, EPSILON::scaling),
        request -> {
          ConfiguredScheduler.Requests.requireNoSigmas(request, options.className());
          double[] own = request.timesteps();
          double[] times = own.length > 0 ? own : Sigmas.linspace(1, 0, request.steps() + 1);
          return SigmaSchedule.of(
              Arrays.copyOf(times, times.length - 1),
              Arrays.stream(times)
                  .mapToObj(time -> {
                    double warped =
                        scaler > 1 ? 1 - Math.pow(1 - time, scaler) : Math.pow(time, scaler);
                    return NoiseLevel.ofAlphaBar(
                        Math.max(0.0001, Math.min(0.9999, cosine(warped, s) / start)));
                  })
                  .toList());
        },
        request -> solver,
        all -> 1,
        1);
  }

  private static double cosine(double time, double s) {
    double cos = Math.cos((time + s) / (1 + s) * Math.PI * 0.5);
    return cos * cos;
  }

  /** DDIM on CogVideoX's schedule. */
  static Scheduler cogVideoDdim(Options options) {
    NetworkConfig training = snrShifted(options);
    var sigmaSchedule = TrainedTimesteps.of(options, training);
    return ConfiguredScheduler.withUnitNoise(
        training, sigmaSchedule::ddimSchedule, request -> new Ddim(0));
  }

  /**
   * SDE-DPM-Solver++ of order 2 on CogVideoX's schedule. The reference samples noise twice in a
   * step and discards the first.
   */
  static Scheduler cogVideoDpm(Options options) {
    NetworkConfig training = snrShifted(options);
    var sigmaSchedule = TrainedTimesteps.of(options, training);
    return ConfiguredScheduler.withUnitNoise(training, sigmaSchedule::ddimSchedule, request -> {
      double[] timesteps = sigmaSchedule.timesteps(request.steps());
      boolean belowFirst = timesteps[timesteps.length - 1] < sigmaSchedule.stride(request);
      return new DpmSolverMultistep(
          DpmAlgorithm.SDE_DPM_SOLVER_PLUS_PLUS,
          2,
          false,
          new DpmSolverMultistep.FinalOrder(belowFirst, false));
    });
  }

  /** CogVideoX shifts the whole schedule towards noise and does not clip. */
  private static NetworkConfig snrShifted(Options options) {
    double scale = options.number("snr_shift_scale");
    NoiseSchedule shifted =
        NoiseSchedule.of(options).mapAlphaBars(bar -> bar / (scale + (1 - scale) * bar));
    return NetworkConfig.of(
            options,
            PREDICTIONS,
            options.flag("rescale_betas_zero_snr") ? shifted.rescaleZeroTerminalSnr() : shifted)
        .withClipping(Clipping.NONE);
  }

  static Scheduler ipndm(Options options) {
    NetworkConfig training =
        NetworkConfig.continuous(options.integer("num_train_timesteps"), V, V::scaling);
    return ConfiguredScheduler.withUnitNoise(
        training, request -> sineSchedule(options, request), request -> new Ipndm());
  }

  /**
   * The class's betas are the sigmas of its levels. Trained betas are the whole sigma schedule,
   * whatever the number of steps.
   */
  private static SigmaSchedule sineSchedule(Options options, PlanRequest request) {
    ConfiguredScheduler.Requests.requireNoTimestepsOrSigmas(request, "IPNDMScheduler");
    double[] trained = options.numbers("trained_betas");
    double[] betas = trained.length > 0
        ? trained
        : Arrays.stream(Sigmas.linspace(1, 0, request.steps() + 1))
            .map(share -> Math.sin(share * Math.PI / 2))
            .map(sine -> sine * sine)
            .toArray();
    List<NoiseLevel> levels = Arrays.stream(betas)
        .mapToObj(beta -> new NoiseLevel(Math.sqrt(1 - beta * beta), beta))
        .toList();
    return SigmaSchedule.of(
        levels.stream()
            .limit(levels.size() - 1)
            .mapToDouble(level -> Math.atan2(level.sigma(), level.alpha()) / Math.PI * 2)
            .toArray(),
        levels);
  }

  /**
   * Sigma schedules whose steps are integer training timesteps: DDPM's and DDIM's.
   *
   * @param network the trained levels
   * @param spacing the spacing of the timesteps
   * @param offset the offset of leading spacing
   * @param end the level below the first timestep
   */
  record TrainedTimesteps(
      NetworkConfig network, TimestepSpacing spacing, int offset, NoiseLevel end) {
    static TrainedTimesteps of(Options options, NetworkConfig training) {
      boolean clean = !options.has("set_alpha_to_one") || options.flag("set_alpha_to_one");
      return new TrainedTimesteps(
          training,
          TimestepSpacing.parse(options.text("timestep_spacing")),
          options.integer("steps_offset"),
          clean ? NoiseLevel.CLEAN : training.noiseSchedule().level(0));
    }

    /**
     * Each step ends where the next one starts, the last one at the end (DDPM). Takes the caller's
     * timesteps.
     */
    SigmaSchedule ddpmSchedule(PlanRequest request) {
      ConfiguredScheduler.Requests.requireNoSigmas(request, "DDPM");
      double[] timesteps = request.timesteps().length > 0
          ? ConfiguredScheduler.Requests.requireDescending(request.timesteps(), network.length())
          : timesteps(request.steps());
      List<NoiseLevel> levels = new ArrayList<>(levels(timesteps, 0));
      levels.add(end);
      return SigmaSchedule.of(timesteps, levels);
    }

    /**
     * Each step ends one stride below its start (DDIM), which is not always where the next one
     * starts.
     */
    SigmaSchedule ddimSchedule(PlanRequest request) {
      ConfiguredScheduler.Requests.requireNoTimestepsOrSigmas(request, "DDIM");
      double[] timesteps = timesteps(request.steps());
      return SigmaSchedule.of(timesteps, levels(timesteps, 0), levels(timesteps, stride(request)));
    }

    /**
     * The schedule from the image to noise (DDIM inversion): each step ends at its own timestep.
     */
    SigmaSchedule inverseSchedule(PlanRequest request) {
      ConfiguredScheduler.Requests.requireNoTimestepsOrSigmas(request, "DDIM inversion");
      double[] timesteps = DpmSigmaSchedules.reversed(timesteps(request.steps()));
      return SigmaSchedule.of(timesteps, levels(timesteps, stride(request)), levels(timesteps, 0));
    }

    /** The training timesteps between two steps. */
    int stride(PlanRequest request) {
      return network.length() / request.steps();
    }

    /** The integer timesteps in descending order. */
    double[] timesteps(int steps) {
      int trained = network.length();
      ConfiguredScheduler.Requests.requireSteps(steps, 1, trained);
      double[] timesteps = Arrays.stream(spacing.timesteps(steps, trained, offset))
          .map(Math::rint)
          .toArray();
      if (timesteps[0] > trained - 1) {
        throw new IllegalArgumentException(steps + " steps begin at timestep " + (long) timesteps[0]
            + ", because steps_offset is " + offset + ", but the last trained timestep is "
            + (trained - 1) + "; give " + mostBelow(steps) + " steps, or a smaller steps_offset");
      }
      return ConfiguredScheduler.Requests.requireDescending(timesteps, trained);
    }

    /** Returns the next lower number of steps that begin at a trained timestep; at least 1. */
    private int mostBelow(int steps) {
      return IntStream.iterate(steps - 1, fewer -> fewer > 1, fewer -> fewer - 1)
          .filter(fewer ->
              spacing.timesteps(fewer, network.length(), offset)[0] <= network.length() - 1)
          .findFirst()
          .orElse(1);
    }

    private List<NoiseLevel> levels(double[] timesteps, int below) {
      return Arrays.stream(timesteps)
          .mapToObj(timestep -> network.level((int) timestep - below, end))
          .toList();
    }
  }
}
