package dev.likeness.schedulers.internal.kdiffusion;

import dev.likeness.schedulers.CustomScheduler;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.SamplingPlan;
import dev.likeness.schedulers.Sigmas;
import dev.likeness.schedulers.TrainedSigmas;
import dev.likeness.schedulers.solvers.DpmFast;
import dev.likeness.schedulers.solvers.Restart;
import java.util.Arrays;
import java.util.List;

/** The samplers that lay their own ladder for a number of calls instead of taking one. */
final class OwnLadders {
  private OwnLadders() {}

  /**
   * DPM-Solver-fast: the requested steps are calls, on levels even in log sigma that end at the
   * lowest trained one.
   */
  static SamplingPlan fast(
      CustomScheduler scheduler, double eta, double noiseScale, PlanRequest request) {
    TrainedSigmas table = scheduler.table();
    double[] known = table.sigmas();
    List<Integer> orders = DpmFast.ordersOf(request.steps());
    double[] sigmas = Sigmas.exponential(known[known.length - 1], known[0], orders.size() + 1);
    return scheduler
        .by(new DpmFast(orders, eta, noiseScale, table::timestep))
        .plan(over(sigmas, request));
  }

  /**
   * Restart as Stable Diffusion web UI sets it up: the requested steps are shared between the run
   * and its repetitions.
   */
  static SamplingPlan restart(CustomScheduler scheduler, PlanRequest request) {
    int steps = request.steps();
    int times = steps >= 36 ? 2 : steps >= 20 ? 1 : 0;
    int each = steps >= 36 ? steps / 4 : 9;
    double[] known = scheduler.table().sigmas();
    double[] sigmas = Sigmas.karras(known[known.length - 1], known[0], steps - each * times);
    var solver = new Restart(0.1, 2, each, times, scheduler.table()::timestep);
    return scheduler.by(solver).plan(over(Arrays.copyOf(sigmas, sigmas.length + 1), request));
  }

  private static PlanRequest over(double[] sigmas, PlanRequest request) {
    if (request.sigmas().length + request.timesteps().length > 0) {
      throw new IllegalArgumentException(
          "DPM fast and Restart lay their own ladders, and take neither sigmas nor timesteps; ask for"
              + " a number of steps");
    }
    return PlanRequest.ofSigmas(sigmas)
        .strength(request.strength())
        .between(request.from(), request.until());
  }
}
