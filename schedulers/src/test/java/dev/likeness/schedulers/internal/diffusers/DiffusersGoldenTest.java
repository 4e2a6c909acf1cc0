package dev.likeness.schedulers.internal.diffusers;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.schedulers.Golden;
import dev.likeness.schedulers.NumericSamplingLoop;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.SamplingPlan;
import dev.likeness.schedulers.SchedulerConfig;
import dev.likeness.schedulers.ToyNetwork;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Every step of every run that {@code tools/goldens/schedulers.py} and {@code schedulers_random.py}
 * recorded, against the same run here: 1e-10 from the reference in double, which as published is
 * 1e-4 from that, or as far as its {@code gap} says.
 */
class DiffusersGoldenTest {
  private static final double TOLERANCE = 1e-10;

  @TestFactory
  Stream<DynamicTest> equalsDiffusersAtEveryStep() {
    return new DiffusersSchedulers()
        .classNames().stream().flatMap(name -> runs(name).map(run -> test(name, run)));
  }

  @TestFactory
  Stream<DynamicTest> equalsDiffusersWithRandomOptions() {
    return runs("random").map(run -> test((String) run.get("class"), run));
  }

  /**
   * PNDM, whose schedule repeats a step at its start, as {@code schedulers_inside.py} begins it.
   */
  @TestFactory
  Stream<DynamicTest> equalsDiffusersIfPndmBeginsInsideItsSchedule() {
    return runs("inside").map(run -> test((String) run.get("class"), run));
  }

  @TestFactory
  Stream<DynamicTest> splitsSamplingBetweenBaseAndRefinerAsThePipelinesDo() {
    return runs("partial")
        .map(run -> DynamicTest.dynamicTest(describe(run), () -> {
          var request = PlanRequest.of((Integer) run.get("steps"));
          double share = number(run.get("share"));
          SchedulerConfig config = config((String) run.get("class"), run);
          // The reference keeps fractional timesteps in single precision.
          assertArrayEquals(
              Golden.numbers(run.get("base")),
              config.plan(request.denoisingRange(0, share)).timesteps(),
              2e-2);
          assertArrayEquals(
              Golden.numbers(run.get("refiner")),
              config.plan(request.denoisingRange(share, 1)).timesteps(),
              2e-2);
        }));
  }

  @Test
  void singlePrecisionAloneRarelyExceedsTheTolerance() {
    List<Map<String, Object>> runs = new DiffusersSchedulers()
        .classNames().stream().flatMap(DiffusersGoldenTest::runs).toList();
    long coarse = runs.stream().filter(run -> run.containsKey("gap")).count();
    assertTrue(coarse < runs.size() * 0.04, coarse + " of " + runs.size());
  }

  /**
   * Where the reference itself has no answer there is nothing to compare: a run here is refused, or
   * finite.
   */
  @Test
  void theReferenceCoversAlmostAllCasesOfEveryClass() {
    new DiffusersSchedulers().classNames().forEach(name -> {
      List<Map<String, Object>> runs = Stream.concat(
              runs(name), runs("random").filter(run -> name.equals(run.get("class"))))
          .toList();
      long refused = runs.stream().filter(run -> run.containsKey("refused")).count();
      assertTrue(
          runs.size() > 10 && refused < runs.size() * 0.2,
          name + ": " + refused + " of " + runs.size());
    });
  }

  private static Stream<Map<String, Object>> runs(String file) {
    return Golden.objects(Golden.read("diffusers/" + file + ".json.gz").get("cases")).stream();
  }

  private static DynamicTest test(String className, Map<String, Object> run) {
    return DynamicTest.dynamicTest(
        className + " " + describe(run),
        () -> assertAll(className + " " + describe(run), () -> check(className, run)));
  }

  private static String describe(Map<String, Object> run) {
    var shown = new HashMap<>(run);
    shown.keySet().removeAll(List.of("f64", "base", "refiner"));
    return shown.toString();
  }

  private static void check(String className, Map<String, Object> run) {
    if (run.containsKey("refused")) {
      refusesOrStaysFinite(className, run);
      return;
    }
    SamplingPlan plan = plan(className, run);
    var noise = new ToyNetwork.Noise();
    List<double[]> rows = trajectory(plan, run, noise);
    Map<String, Object> f64 = Golden.object(run.get("f64"));
    assertEquals(((Number) f64.get("draws")).intValue(), noise.count(), "noise draws");
    equal(Golden.numbers(f64.get("timesteps")), ends(plan.timesteps(), rows.size()), "timesteps");
    equal(
        new double[] {number(f64.get("init"))}, new double[] {plan.initNoiseSigma()}, "pure noise");
    equal(Golden.rows(f64.get("rows")), rows, "rows");
  }

  private static void refusesOrStaysFinite(String className, Map<String, Object> run) {
    List<double[]> rows;
    try {
      rows = trajectory(plan(className, run), run, new ToyNetwork.Noise());
    } catch (IllegalArgumentException refused) {
      assertTrue(refused.getMessage().length() > 20, refused.getMessage());
      return;
    }
    assertTrue(
        rows.stream().flatMapToDouble(Arrays::stream).allMatch(Double::isFinite),
        "the run is not finite");
  }

  private static SamplingPlan plan(String className, Map<String, Object> run) {
    return config(className, run).plan(request(run));
  }

  private static SchedulerConfig config(String className, Map<String, Object> run) {
    Map<String, Object> json = new HashMap<>(Golden.object(run.get("config")));
    json.put("_class_name", className);
    return SchedulerConfig.of(json);
  }

  private static PlanRequest request(Map<String, Object> run) {
    Map<String, Object> set = Golden.object(run.get("set"));
    PlanRequest request = PlanRequest.of((Integer) run.get("steps"));
    if (set.containsKey("timesteps")) {
      request = PlanRequest.ofTimesteps(Golden.numbers(set.get("timesteps")));
    }
    if (set.containsKey("sigmas")) {
      request = PlanRequest.ofSigmas(Golden.numbers(set.get("sigmas")));
    }
    Map<String, Object> step = Golden.object(run.get("step"));
    Map<String, Object> beside = Golden.object(run.get("with"));
    request = request.strength(number(run.getOrDefault("strength", 1)));
    request = step.containsKey("eta") ? request.eta(number(step.get("eta"))) : request;
    Object mu = set.getOrDefault("mu", beside.get("mu"));
    return mu == null ? request : request.mu(number(mu));
  }

  private static List<double[]> trajectory(
      SamplingPlan plan, Map<String, Object> run, ToyNetwork.Noise noise) {
    boolean fromImage = run.containsKey("strength");
    double[] first = new double[3];
    Arrays.setAll(
        first,
        j -> fromImage
            ? plan.start().signal() * ToyNetwork.IMAGE[j]
                + plan.start().noise() * ToyNetwork.UNIT[j]
            : plan.initNoiseSigma() * ToyNetwork.UNIT[j]);
    int channels = run.containsKey("learned") ? 6 : 3;
    return new NumericSamplingLoop(ToyNetwork.withChannels(channels), noise)
        .trajectory(first, plan);
  }

  private static double[] ends(double[] values, int rows) {
    return rows <= 110 ? values : new double[] {values[0], values[values.length - 1]};
  }

  private static void equal(List<double[]> expected, List<double[]> actual, String what) {
    if (expected.size() == 2 && actual.size() > 110) {
      equal(expected.get(1), actual.get(actual.size() - 1), what + " end");
      return;
    }
    assertEquals(expected.size(), actual.size(), "rows");
    for (int i = 0; i < expected.size(); i++) {
      equal(expected.get(i), actual.get(i), what + " " + i);
    }
  }

  private static void equal(double[] expected, double[] actual, String what) {
    assertEquals(expected.length, actual.length, what);
    double scale = DoubleStream.concat(Arrays.stream(expected), Arrays.stream(actual))
        .map(Math::abs)
        .max()
        .orElse(1);
    for (int j = 0; j < expected.length; j++) {
      double off = Math.abs(expected[j] - actual[j]);
      assertTrue(
          off <= TOLERANCE * Math.max(scale, 1e-3),
          what + ": expected " + Arrays.toString(expected) + ", got " + Arrays.toString(actual)
              + ", off by " + off);
    }
  }

  private static double number(Object value) {
    return ((Number) value).doubleValue();
  }
}
