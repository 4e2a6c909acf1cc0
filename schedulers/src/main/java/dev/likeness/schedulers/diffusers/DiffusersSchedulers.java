package dev.likeness.schedulers.diffusers;

import static dev.likeness.schedulers.Prediction.EPSILON;
import static dev.likeness.schedulers.Prediction.FLOW;
import static dev.likeness.schedulers.Prediction.SAMPLE;
import static dev.likeness.schedulers.Prediction.V;

import dev.likeness.schedulers.Options;
import dev.likeness.schedulers.Prediction;
import dev.likeness.schedulers.Scheduler;
import dev.likeness.schedulers.SchedulerProvider;
import dev.likeness.schedulers.Solver;
import dev.likeness.schedulers.solvers.Ddim;
import dev.likeness.schedulers.solvers.Ddpm;
import dev.likeness.schedulers.solvers.Euler;
import dev.likeness.schedulers.solvers.EulerAncestral;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;

/** The scheduler classes of diffusers 0.42.1 by name. */
public final class DiffusersSchedulers implements SchedulerProvider {
  private static final Map<String, Function<Options, Scheduler>> CLASSES = classes();

  @Override public Set<String> classNames() {
    return CLASSES.keySet();
  }

  @Override public Options defaults(String className) {
    return OptionDefaults.of(className);
  }

  @Override public Scheduler configure(String className, Options options) {
    return CLASSES.get(className).apply(options);
  }

  private static Map<String, Function<Options, Scheduler>> classes() {
    Map<String, Function<Options, Scheduler>> classes = new TreeMap<>();
    classes.put("DDPMScheduler", DiffusersSchedulers::ddpm);
    classes.put("DDIMScheduler", DiffusersSchedulers::ddim);
    classes.put("PNDMScheduler", PndmScheduler::of);
    classes.put("EulerDiscreteScheduler", o -> exploding(o, Set.of(EPSILON, V, SAMPLE), new Euler(), 1));
    classes.put("EulerAncestralDiscreteScheduler", o -> exploding(o, Set.of(EPSILON, V), new EulerAncestral(), 1));
    classes.put("DPMSolverMultistepScheduler", DpmSolvers::multistep);
    return classes;
  }

  private static Scheduler ddpm(Options options) {
    Training training = Training.of(options, Set.of(EPSILON, V, SAMPLE), false);
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

  private static Scheduler ddim(Options options) {
    Training training = Training.of(options, Set.of(EPSILON, V, SAMPLE), false);
    var ladder = TrainedLadder.of(options, training);
    return new LadderScheduler(training, ladder::strided, request -> new Ddim(request.etaOr(0)), all -> 1, 1);
  }

  private static Scheduler exploding(Options options, Set<Prediction> predictions, Solver solver, int rowsPerStep) {
    Training training = Training.of(options, predictions, true);
    var ladder = new ExplodingLadder(options, training);
    Respacing.of(options);
    return new LadderScheduler(training, ladder::ladder, request -> solver, ladder::pureNoise, rowsPerStep);
  }
}
