package dev.likeness.schedulers.kdiffusion;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.schedulers.Golden;
import dev.likeness.schedulers.NoiseSchedule;
import dev.likeness.schedulers.NumericSamplingLoop;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.SamplingPlan;
import dev.likeness.schedulers.SchedulerConfig;
import dev.likeness.schedulers.SigmaScheduleKind;
import dev.likeness.schedulers.ToyNetwork;
import dev.likeness.schedulers.TrainedSigmas;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Every network call of every run that {@code tools/goldens/schedulers_kdiffusion.py} and
 * {@code schedulers_comfy.py} recorded, to 1e-10 in double.
 */
class KDiffusionGoldenTest {
  private static final TrainedSigmas TRAINED_SIGMAS =
      TrainedSigmas.of(NoiseSchedule.stableDiffusion());

  @TestFactory
  Stream<DynamicTest> callsTheNetworkAsKDiffusionDoes() {
    return runs(Golden.read("kdiffusion/samplers.json.gz"), ToyNetwork.withChannels(3));
  }

  @TestFactory
  Stream<DynamicTest> callsTheNetworkAsComfyUiDoes() {
    Map<String, Object> recorded = Golden.read("kdiffusion/comfy.json.gz");
    return runs(
        recorded,
        new Guided(ToyNetwork.withChannels(3), ((Number) recorded.get("unguided")).doubleValue()));
  }

  private static Stream<DynamicTest> runs(
      Map<String, Object> recorded, NumericSamplingLoop.Network network) {
    return Golden.objects(recorded.get("cases")).stream()
        .map(run -> DynamicTest.dynamicTest(
            run.get("sampler") + " " + run.get("options") + " " + run.get("ladder") + " "
                + run.get("steps"),
            () -> check(run, network)));
  }

  /** A network whose answer without guidance is a share of the guided one. */
  private record Guided(NumericSamplingLoop.Network network, double share)
      implements NumericSamplingLoop.Network {
    @Override
    public double[] predict(double[] x, double timestep) {
      return network.predict(x, timestep);
    }

    @Override
    public double[] unguided(double[] x, double timestep, double[] guided) {
      return Arrays.stream(guided).map(answer -> share * answer).toArray();
    }
  }

  private static void check(Map<String, Object> run, NumericSamplingLoop.Network network) {
    Map<String, Object> json = new HashMap<>(Golden.object(run.get("options")));
    json.put("_class_name", run.get("sampler"));
    json.put("ladder", run.get("ladder"));
    SamplingPlan plan = SchedulerConfig.of(json).plan((Integer) run.get("steps"));
    double[] first =
        Arrays.stream(ToyNetwork.UNIT).map(unit -> unit * plan.initNoiseSigma()).toArray();
    List<double[]> rows =
        new NumericSamplingLoop(network, new ToyNetwork.Noise()).trajectory(first, plan);
    List<double[]> expected = Golden.rows(run.get("rows"));
    assertEquals(expected.size(), rows.size(), "calls");
    for (int i = 0; i < rows.size(); i++) {
      assertClose(
          expected.get(i),
          rows.get(i),
          run.get("sampler") + " " + run.get("options") + " call " + i);
    }
  }

  @Test
  void prefersEtaOfTheRequestToTheOption() {
    for (String name :
        List.of("sample_euler_ancestral", "sample_dpmpp_2m_sde", "sample_dpm_fast")) {
      SchedulerConfig sampler = SchedulerConfig.named(name);
      assertEquals(
          sampler.with("eta", 0.3).plan(5).toString(),
          sampler.plan(PlanRequest.of(5).eta(0.3)).toString(),
          name);
    }
  }

  @Test
  void startsInsideTheSigmaSchedulesThatSamplersCompute() {
    SamplingPlan fast = SchedulerConfig.named("sample_dpm_fast").plan(12, 0.5);
    assertEquals(3, fast.size());
    assertEquals(fast.steps().get(0).level().sigma(), fast.start().noise());
    SamplingPlan restart = SchedulerConfig.named("restart_sampler").plan(25, 0.5);
    assertEquals(restart.steps().get(0).level().sigma(), restart.start().noise());
  }

  @Test
  void splitsSamplingBetweenBaseAndRefiner() {
    for (String name : List.of("sample_euler", "sample_dpmpp_2m", "sample_dpmpp_3m_sde")) {
      SchedulerConfig sampler = SchedulerConfig.named(name);
      double[] base = sampler.plan(PlanRequest.of(20).denoisingRange(0, 0.7)).timesteps();
      double[] refiner = sampler.plan(PlanRequest.of(20).denoisingRange(0.7, 1)).timesteps();
      double[] whole = sampler.plan(20).timesteps();
      assertEquals(20, base.length + refiner.length, name);
      assertTrue(base[base.length - 1] >= 300 && refiner[0] < 300, name);
      assertClose(Arrays.copyOfRange(whole, base.length, 20), refiner, name);
    }
    assertTrue(SchedulerConfig.named("restart_sampler")
            .plan(PlanRequest.of(40).denoisingRange(0, 0.8))
            .size()
        < SchedulerConfig.named("restart_sampler").plan(40).size());
  }

  @Test
  void computesTheSigmaSchedulesOfKDiffusion() {
    Map<String, Object> sigmaSchedules =
        Golden.object(Golden.read("kdiffusion/ladders.json.gz").get("ladders"));
    for (String name : List.of("karras", "exponential", "polyexponential", "vp")) {
      Golden.object(sigmaSchedules.get(name))
          .forEach((steps, sigmas) -> assertClose(
              Golden.numbers(sigmas),
              SigmaScheduleKind.parse(name).sigmas(TRAINED_SIGMAS, Integer.parseInt(steps)),
              name + " " + steps));
    }
  }

  private static void assertClose(double[] expected, double[] actual, String what) {
    assertEquals(expected.length, actual.length, what);
    double scale = Arrays.stream(expected).map(Math::abs).max().orElse(1);
    for (int j = 0; j < expected.length; j++) {
      assertTrue(
          Math.abs(expected[j] - actual[j]) <= 1e-10 * Math.max(scale, 1e-3),
          what + ": expected " + Arrays.toString(expected) + ", got " + Arrays.toString(actual));
    }
  }
}
