package dev.likeness.examples.extension;

import dev.likeness.schedulers.CustomScheduler;
import dev.likeness.schedulers.NoiseSchedule;
import dev.likeness.schedulers.Options;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.Prediction;
import dev.likeness.schedulers.SamplingPlan;
import dev.likeness.schedulers.Scheduler;
import dev.likeness.schedulers.SchedulerProvider;
import dev.likeness.schedulers.TrainedSigmas;
import dev.likeness.schedulers.solvers.Solvers;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Adds a scheduler class to the library: {@value #CLASS_NAME} makes Euler steps over sigmas that
 * fall with a power of the step. A file in {@code META-INF/services} names this class, so configs
 * and requests can name the scheduler as they name those of diffusers.
 */
public final class PowerSchedulers implements SchedulerProvider {
  /** The name of the class, as {@code _class_name} in {@code scheduler_config.json}. */
  public static final String CLASS_NAME = "PowerEulerScheduler";

  private static final String POWER = "power";

  @Override
  public Set<String> classNames() {
    return Set.of(CLASS_NAME);
  }

  @Override
  public Options defaults(String className) {
    // The names of the first five options are those of diffusers, so a base's config sets them.
    Map<String, Object> options = new HashMap<>();
    options.put("num_train_timesteps", 1000);
    options.put("beta_start", 0.00085);
    options.put("beta_end", 0.012);
    options.put("beta_schedule", "scaled_linear");
    options.put("prediction_type", "epsilon");
    options.put("trained_betas", null);
    options.put(POWER, 3);
    return new Options(className, options);
  }

  @Override
  public Scheduler configure(String className, Options options) {
    double power = options.number(POWER);
    if (!(power >= 1)) {
      throw new IllegalArgumentException(
          CLASS_NAME + " needs a power of at least 1, got " + power + "; correct the option power");
    }
    return new PowerScheduler(
        NoiseSchedule.of(options), Prediction.parse(options.text("prediction_type")), power);
  }

  /** The scheduler for one set of options. */
  private record PowerScheduler(NoiseSchedule noiseSchedule, Prediction prediction, double power)
      implements Scheduler {
    @Override
    public SamplingPlan plan(PlanRequest request) {
      boolean isOwn = request.sigmas().length == 0 && request.timesteps().length == 0;
      return CustomScheduler.of(TrainedSigmas.of(noiseSchedule), prediction)
          .withSolver(Solvers.EULER)
          .plan(isOwn ? withSigmas(request) : request);
    }

    private PlanRequest withSigmas(PlanRequest request) {
      double[] trained = noiseSchedule.sigmas();
      double largest = trained[trained.length - 1];
      int steps = request.steps();
      double[] sigmas = IntStream.rangeClosed(0, steps)
          .mapToDouble(i -> largest * Math.pow(1 - (double) i / steps, power))
          .toArray();
      return PlanRequest.ofSigmas(sigmas)
          .strength(request.strength())
          .denoisingRange(request.denoisingStart(), request.denoisingEnd());
    }
  }
}
