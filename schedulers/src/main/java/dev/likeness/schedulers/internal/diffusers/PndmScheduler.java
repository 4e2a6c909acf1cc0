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
 * Diffusers' {@code PNDMScheduler}. Its timesteps are those of rows, some of them repeated.
 *
 * @param network the trained levels
 * @param steps the spacing of the steps
 * @param skipPrkSteps whether sampling starts with a repeated step
 */
record PndmScheduler(
    NetworkConfig network, DdpmSchedulers.TrainedTimesteps steps, boolean skipPrkSteps) {
  /** The order of the multistep formula (arXiv:2202.09778, equation 12). */
  private static final int ORDER = 4;

  private static final int RUNGE_KUTTA_ROWS = 12;

  static Scheduler of(Options options) {
    NetworkConfig training = NetworkConfig.of(options, Set.of(Prediction.EPSILON, Prediction.V));
    var pndm = new PndmScheduler(
        training,
        DdpmSchedulers.TrainedTimesteps.of(options, training),
        options.flag("skip_prk_steps"));
    return ConfiguredScheduler.withUnitNoise(training, pndm::sigmaSchedule, pndm::solver);
  }

  private SigmaSchedule sigmaSchedule(PlanRequest request) {
    ConfiguredScheduler.Requests.requireNoTimestepsOrSigmas(request, "PNDM");
    double[] rows = rows(request);
    return SigmaSchedule.of(rows, levels(rows, 0), levels(rows, steps.stride(request)));
  }

  private Solver solver(PlanRequest request) {
    return new Pndm(
        network.prediction(),
        steps.stride(request),
        skipPrkSteps ? 0 : RUNGE_KUTTA_ROWS,
        this::level);
  }

  private double[] rows(PlanRequest request) {
    ConfiguredScheduler.Requests.requireSteps(
        request.steps(), skipPrkSteps ? 1 : ORDER, network.length());
    double[] descending = steps.timesteps(request.steps());
    if (skipPrkSteps) {
      return descending.length == 1
          ? descending
          : DoubleStream.concat(
                  Arrays.stream(descending, 0, 2), Arrays.stream(descending, 1, descending.length))
              .toArray();
    }
    if (request.firstStep() > 0 || request.denoisingStart() > 0) {
      throw new IllegalArgumentException(
          "PNDM with Runge-Kutta steps supports neither a strength below 1 nor a denoising start"
              + " above 0; set skip_prk_steps to true");
    }
    int half = steps.stride(request) / 2;
    DoubleStream stages = Arrays.stream(new int[] {0, 1, 2})
        .boxed()
        .flatMapToDouble(k -> DoubleStream.of(
            descending[k], descending[k + 1] + half, descending[k + 1] + half, descending[k + 1]));
    return DoubleStream.concat(stages, Arrays.stream(descending, 3, descending.length))
        .toArray();
  }

  private NoiseLevel level(int timestep) {
    return network.level(timestep, steps.end());
  }

  private List<NoiseLevel> levels(double[] rows, int below) {
    return Arrays.stream(rows)
        .mapToObj(timestep -> level((int) timestep - below))
        .toList();
  }
}
