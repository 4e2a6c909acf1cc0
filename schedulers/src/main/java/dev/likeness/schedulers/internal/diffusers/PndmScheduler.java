package dev.likeness.schedulers.internal.diffusers;

import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.Options;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.Prediction;
import dev.likeness.schedulers.Scheduler;
import dev.likeness.schedulers.SigmaSchedule;
import dev.likeness.schedulers.Solver;
import dev.likeness.schedulers.solvers.Pndm;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.DoubleStream;

/**
 * diffusers' {@code PNDMScheduler}: its timesteps are rows, some of them repeated, rather than
 * steps.
 *
 * @param training the trained levels
 * @param steps how the steps are spread
 * @param skipsRungeKutta whether the run begins with a repeated step
 */
record PndmScheduler(
    NetworkConfig training, DdpmSchedulers.TrainedLadder steps, boolean skipsRungeKutta) {
  private static final int ORDER = 4;
  private static final int RUNGE_KUTTA_ROWS = 12;

  static Scheduler of(Options options) {
    NetworkConfig training = NetworkConfig.of(options, Set.of(Prediction.EPSILON, Prediction.V));
    var pndm = new PndmScheduler(
        training,
        DdpmSchedulers.TrainedLadder.of(options, training),
        options.flag("skip_prk_steps"));
    return ConfiguredScheduler.unit(training, pndm::ladder, pndm::solver);
  }

  private SigmaSchedule ladder(PlanRequest request) {
    ConfiguredScheduler.Requests.requireOwnTimesteps(request, "PNDM");
    double[] rows = rows(request);
    return SigmaSchedule.of(rows, levels(rows, 0), levels(rows, steps.stride(request)));
  }

  private Solver solver(PlanRequest request) {
    return new Pndm(
        training.prediction(),
        steps.stride(request),
        skipsRungeKutta ? 0 : RUNGE_KUTTA_ROWS,
        this::level);
  }

  private double[] rows(PlanRequest request) {
    ConfiguredScheduler.Requests.requireSteps(
        request.steps(), skipsRungeKutta ? 1 : ORDER, training.length());
    double[] falling = steps.timesteps(request.steps());
    if (skipsRungeKutta) {
      return falling.length == 1
          ? falling
          : DoubleStream.concat(
                  Arrays.stream(falling, 0, 2), Arrays.stream(falling, 1, falling.length))
              .toArray();
    }
    if (request.firstStep() > 0 || request.from() > 0) {
      throw new IllegalArgumentException(
          "PNDM with its Runge-Kutta start cannot begin part of the way down; set skip_prk_steps");
    }
    int half = steps.stride(request) / 2;
    DoubleStream stages = Arrays.stream(new int[] {0, 1, 2})
        .boxed()
        .flatMapToDouble(k -> DoubleStream.of(
            falling[k], falling[k + 1] + half, falling[k + 1] + half, falling[k + 1]));
    return DoubleStream.concat(stages, Arrays.stream(falling, 3, falling.length))
        .toArray();
  }

  private NoiseLevel level(int timestep) {
    return training.level(timestep, steps.end());
  }

  private List<NoiseLevel> levels(double[] rows, int below) {
    return Arrays.stream(rows)
        .mapToObj(timestep -> level((int) timestep - below))
        .toList();
  }
}
