package dev.likeness.schedulers.diffusers;

import static dev.likeness.schedulers.Prediction.EPSILON;
import static dev.likeness.schedulers.Prediction.SAMPLE;
import static dev.likeness.schedulers.Prediction.V;

import dev.likeness.schedulers.Clipping;
import dev.likeness.schedulers.Ladder;
import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.NoiseSchedule;
import dev.likeness.schedulers.Options;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.Prediction;
import dev.likeness.schedulers.Scheduler;
import dev.likeness.schedulers.Sigmas;
import dev.likeness.schedulers.solvers.Ddim;
import dev.likeness.schedulers.solvers.Ddpm;
import dev.likeness.schedulers.solvers.Ipndm;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/** The classes of diffusers whose steps are training timesteps: DDPM, DDIM and what follows them. */
final class TrainedSchedulers {
  private static final Set<Prediction> PREDICTIONS = Set.of(EPSILON, V, SAMPLE);

  private TrainedSchedulers() {
  }

  static Scheduler ddpm(Options options) {
    Training training = Training.of(options, PREDICTIONS);
    var ladder = TrainedLadder.of(options, training);
    Ddpm.Variance variance = switch (options.oneOf("variance_type", "fixed_small", "fixed_small_log", "fixed_large",
        "fixed_large_log", "learned", "learned_range")) {
      case "fixed_small", "fixed_small_log" -> Ddpm.Variance.SMALL;
      case "learned" -> Ddpm.Variance.LEARNED;
      case "learned_range" -> Ddpm.Variance.LEARNED_RANGE;
      default -> Ddpm.Variance.LARGE;
    };
    return new LadderScheduler(training, ladder::chained, request -> new Ddpm(variance), all -> 1, 1);
  }

  static Scheduler unclip(Options options) {
    Training training = Training.of(options, Set.of(EPSILON, SAMPLE));
    boolean learned = "learned_range".equals(options.oneOf("variance_type", "fixed_small_log", "learned_range"));
    options.oneOf("beta_schedule", "squaredcos_cap_v2");
    var solver = new Ddpm(learned ? Ddpm.Variance.LEARNED_RANGE : Ddpm.Variance.SMALL);
    return new LadderScheduler(training, request -> {
      Requests.requireSteps(request.steps(), 2, training.length());
      double[] rising = Sigmas.linspace(0, training.length() - 1, request.steps());
      double[] timesteps = Arrays.stream(PreservingLadder.falling(rising)).map(Math::rint).toArray();
      return new TrainedLadder(training, null, 0, NoiseLevel.CLEAN).chained(PlanRequest.ofTimesteps(timesteps));
    }, request -> solver, all -> 1, 1);
  }

  static Scheduler ddim(Options options) {
    Training training = Training.of(options, PREDICTIONS);
    var ladder = TrainedLadder.of(options, training);
    return new LadderScheduler(training, ladder::strided, request -> new Ddim(request.etaOr(0)), all -> 1, 1);
  }

  static Scheduler ddimInverse(Options options) {
    Training training = Training.of(options, PREDICTIONS);
    var ladder = TrainedLadder.of(options, training);
    if ("linspace".equals(options.text("timestep_spacing"))) {
      throw new IllegalArgumentException("DDIMInverseScheduler spaces its timesteps leading or trailing, not linspace");
    }
    if (ladder.end().sigma() == 0 && (training.prediction() == SAMPLE || !training.clipping().isOff())) {
      throw new IllegalArgumentException("DDIMInverseScheduler cannot begin at a clean image with clip_sample or"
          + " prediction_type sample; set clip_sample to false and predict noise or v, or set_alpha_to_one to false");
    }
    return new LadderScheduler(training, ladder::rising, request -> new Ddim(0), all -> 1, 1);
  }

  /** CogVideoX moves the whole schedule towards noise and does not clip. */
  static Scheduler ddimShifted(Options options) {
    double scale = options.number("snr_shift_scale");
    NoiseSchedule shifted = Training.unrescaled(options).mapped(bar -> bar / (scale + (1 - scale) * bar));
    Training training = Training.of(options, PREDICTIONS, options.flag("rescale_betas_zero_snr")
        ? shifted.rescaleZeroTerminalSnr() : shifted).clipped(Clipping.NONE);
    var ladder = TrainedLadder.of(options, training);
    return new LadderScheduler(training, ladder::strided, request -> new Ddim(0), all -> 1, 1);
  }

  static Scheduler ipndm(Options options) {
    if (options.isSet("trained_betas")) {
      throw new IllegalArgumentException("IPNDMScheduler with trained_betas is not supported");
    }
    Training training = Training.continuous(options.integer("num_train_timesteps"), V, V::at);
    return new LadderScheduler(training, TrainedSchedulers::sineLadder, request -> new Ipndm(), all -> 1, 1);
  }

  private static Ladder sineLadder(PlanRequest request) {
    Requests.requireOwnTimesteps(request, "IPNDMScheduler");
    List<NoiseLevel> levels = Arrays.stream(Sigmas.linspace(1, 0, request.steps() + 1)).mapToObj(share -> {
      double sine = Math.sin(share * Math.PI / 2);
      return NoiseLevel.ofAlphaBar(1 - sine * sine * sine * sine);
    }).toList();
    return Ladder.of(levels.stream().limit(request.steps())
        .mapToDouble(level -> Math.atan2(level.sigma(), level.alpha()) / Math.PI * 2).toArray(), levels);
  }
}
