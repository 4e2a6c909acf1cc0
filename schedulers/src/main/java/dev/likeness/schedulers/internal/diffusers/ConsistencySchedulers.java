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
import dev.likeness.schedulers.Step;
import dev.likeness.schedulers.internal.BetaSchedule;
import dev.likeness.schedulers.internal.Sigmas;
import dev.likeness.schedulers.solvers.ConsistencyMultistep;
import dev.likeness.schedulers.solvers.Lcm;
import dev.likeness.schedulers.solvers.Tcd;
import dev.likeness.schedulers.solvers.TrigFlow;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/** Diffusers' scheduler classes for consistency models and other distilled networks. */
final class ConsistencySchedulers {
  private static final Set<Prediction> PREDICTIONS = Set.of(EPSILON, V, SAMPLE);

  private ConsistencySchedulers() {}

  static Scheduler lcm(Options options) {
    NetworkConfig training = NetworkConfig.of(options, PREDICTIONS);
    var solver = new Lcm(options.number("timestep_scaling"));
    return ConfiguredScheduler.withUnitNoise(
        training, request -> distilledSchedule(options, training, request), request -> solver);
  }

  static Scheduler tcd(Options options) {
    NetworkConfig training = NetworkConfig.of(options, PREDICTIONS).withClipping(Clipping.NONE);
    return ConfiguredScheduler.withUnitNoise(
        training,
        request -> distilledSchedule(options, training, request),
        request -> new Tcd(request.eta().orElse(0.3), training.noiseSchedule()::level));
  }

  /** Chooses the steps among those that the network was distilled on. */
  private static SigmaSchedule distilledSchedule(
      Options options, NetworkConfig training, PlanRequest request) {
    ConfiguredScheduler.Requests.requireNoSigmas(request, options.className());
    int origins = options.integer("original_inference_steps");
    double[] timesteps = request.timesteps().length > 0
        ? ConfiguredScheduler.Requests.requireDescending(request.timesteps(), training.length())
        : distilledTimesteps(request.steps(), origins, training.length());
    List<NoiseLevel> levels = DoubleStream.concat(Arrays.stream(timesteps), DoubleStream.of(0))
        .mapToObj(timestep -> training.noiseSchedule().level((int) timestep))
        .toList();
    return SigmaSchedule.of(timesteps, levels);
  }

  private static double[] distilledTimesteps(int steps, int origins, int trained) {
    ConfiguredScheduler.Requests.requireSteps(steps, 1, origins);
    int stride = trained / origins;
    return IntStream.range(0, steps)
        .mapToDouble(i -> (origins - Math.floor(i * ((double) origins / steps))) * stride - 1)
        .toArray();
  }

  static Scheduler iterative(Options options) {
    double min = options.number("sigma_min");
    double data = options.number("sigma_data");
    int trained = options.integer("num_train_timesteps");
    NetworkConfig training = NetworkConfig.continuous(
            trained, SAMPLE, level -> boundaryScaling(level.sigma(), min, data))
        .withClipping(options.flag("clip_denoised") ? Clipping.clamp(1) : Clipping.NONE);
    var solver = new ConsistencyMultistep.ConsistencyIterative(min, options.number("s_noise"));
    return new ConfiguredScheduler(
        training,
        request -> karrasSchedule(options, trained, request),
        request -> solver,
        all -> options.number("sigma_max"),
        1);
  }

  private static Step.Scaling boundaryScaling(double sigma, double min, double data) {
    double spread = Math.sqrt(sigma * sigma + data * data);
    return new Step.Scaling(
        1 / spread,
        data * data / ((sigma - min) * (sigma - min) + data * data),
        (sigma - min) * data / spread);
  }

  private static SigmaSchedule karrasSchedule(Options options, int trained, PlanRequest request) {
    ConfiguredScheduler.Requests.requireNoSigmas(request, options.className());
    ConfiguredScheduler.Requests.requireSteps(request.steps(), 1, trained);
    int stride = trained / request.steps();
    double[] chosen = request.timesteps().length > 0
        ? DpmSigmaSchedules.reversed(request.timesteps())
        : IntStream.range(0, request.steps()).mapToDouble(i -> i * stride).toArray();
    double rho = options.number("rho");
    double top = Math.pow(options.number("sigma_max"), 1 / rho);
    double bottom = Math.pow(options.number("sigma_min"), 1 / rho);
    double[] sigmas = Arrays.stream(chosen)
        .map(place -> Math.pow(top + place / (trained - 1) * (bottom - top), rho))
        .toArray();
    double[] timesteps =
        Arrays.stream(sigmas).map(sigma -> 250 * Math.log(sigma)).toArray();
    return SigmaSchedule.of(
        timesteps,
        DoubleStream.concat(Arrays.stream(sigmas), DoubleStream.of(options.number("sigma_min")))
            .mapToObj(NoiseLevel::varianceExploding)
            .toList());
  }

  static Scheduler decoder(Options options) {
    int trained = options.integer("num_train_timesteps");
    NoiseSchedule schedule =
        NoiseSchedule.ofBetas(BetaSchedule.SQUARED_COSINE.betas(0, 1, trained));
    double data = options.number("sigma_data");
    NetworkConfig training =
        NetworkConfig.continuous(trained, SAMPLE, level -> decoderScaling(level, data));
    double[] timesteps = {1008, 512};
    List<NoiseLevel> levels = List.of(schedule.level(1008), schedule.level(512), NoiseLevel.CLEAN);
    return new ConfiguredScheduler(
        training,
        request -> {
          ConfiguredScheduler.Requests.requireNoTimestepsOrSigmas(request, options.className());
          ConfiguredScheduler.Requests.requireSteps(request.steps(), 2, 2);
          return SigmaSchedule.of(timesteps, levels);
        },
        request -> new ConsistencyMultistep(false),
        all -> all.at(0).sigma(),
        1);
  }

  private static Step.Scaling decoderScaling(NoiseLevel level, double data) {
    double spread = level.ratio() * level.ratio() + data * data;
    return new Step.Scaling(
        1 / (level.alpha() * Math.sqrt(spread)),
        data * data / (level.alpha() * spread),
        level.ratio() * data / Math.sqrt(spread));
  }

  static Scheduler trigFlow(Options options) {
    options.oneOf("prediction_type", "trigflow");
    NetworkConfig training =
        NetworkConfig.continuous(options.integer("num_train_timesteps"), V, V::scaling);
    var solver = new TrigFlow(options.number("sigma_data"));
    return ConfiguredScheduler.withUnitNoise(
        training, ConsistencySchedulers::trigFlowSchedule, request -> solver);
  }

  private static SigmaSchedule trigFlowSchedule(PlanRequest request) {
    ConfiguredScheduler.Requests.requireNoSigmas(request, "SCMScheduler");
    // max_timesteps, and below intermediate_timesteps, of diffusers' SCMScheduler.
    double top = 1.5708;
    double[] all = request.timesteps().length > 0
        ? request.timesteps()
        : request.steps() == 2
            ? new double[] {top, 1.3, 0}
            : Sigmas.linspace(top, 0, request.steps() + 1);
    return SigmaSchedule.of(
        Arrays.copyOf(all, all.length - 1),
        Arrays.stream(all)
            .mapToObj(angle -> new NoiseLevel(Math.max(0, Math.cos(angle)), Math.sin(angle)))
            .toList());
  }
}
