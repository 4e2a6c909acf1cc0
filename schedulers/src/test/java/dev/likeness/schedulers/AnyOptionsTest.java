package dev.likeness.schedulers;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Every class with options by chance, at step counts up to and past the training's: it runs, or
 * says why not.
 */
class AnyOptionsTest {
  private static final int RUNS = 30;
  /** Refuses every other number of steps. */
  private static final String TWO_STEP_CLASSES = "ConsistencyDecoderScheduler";

  private static final int[] STEPS = {1, 2, 3, 4, 10, 50, 333, 500, 999, 1000, 1001};
  private static final Map<String, List<Object>> VALUES = values();

  @TestFactory
  Stream<DynamicTest> samplesOrSaysWhyNot() {
    return SchedulerConfig.classNames().stream()
        .map(name -> DynamicTest.dynamicTest(name, () -> {
          var random = new Random(name.hashCode());
          Options known = SchedulerConfig.named(name).options();
          int ran = 0;
          for (int run = 0; run < RUNS; run++) {
            ran += check(
                    randomOptions(name, known, random),
                    STEPS[random.nextInt(STEPS.length)],
                    random.nextInt(4) == 0 ? 0.6 : 1)
                ? 1
                : 0;
          }
          assertTrue(
              ran >= (name.equals(TWO_STEP_CLASSES) ? 1 : RUNS / 5),
              "of " + RUNS + " runs only " + ran + " are not refused");
        }));
  }

  /** Whether it runs, which has to be to the end. */
  private static boolean check(Map<String, Object> json, int steps, double strength) {
    String asked = steps + " steps of strength " + strength + " with " + json;
    try {
      SamplingPlan plan =
          SchedulerConfig.of(json).plan(PlanRequest.of(steps).strength(strength).mu(0.8));
      double[] first = Arrays.stream(ToyNetwork.UNIT)
          .map(unit -> unit * plan.initNoiseSigma())
          .toArray();
      double[] x = new NumericSamplingLoop(ToyNetwork.withChannels(3), new ToyNetwork.Noise())
          .sample(first, plan);
      assertTrue(
          Arrays.stream(x).allMatch(value -> Math.abs(value) < 1e9),
          asked + ": " + Arrays.toString(x));
      return true;
    } catch (IllegalArgumentException refused) {
      assertFalse(refused.getMessage().contains("finite"), asked + ": " + refused.getMessage());
      return false;
    }
  }

  private static Map<String, Object> randomOptions(String name, Options known, Random random) {
    Map<String, Object> json = new TreeMap<>(Map.of("_class_name", name));
    for (String option : known.names()) {
      List<Object> values = VALUES.get(option);
      if (values != null && random.nextDouble() < 0.35) {
        json.put(option, values.get(random.nextInt(values.size())));
      }
    }
    return json;
  }

  private static Map<String, List<Object>> values() {
    Map<String, List<Object>> values = new HashMap<>();
    for (String flag : List.of(
        "use_karras_sigmas",
        "use_exponential_sigmas",
        "use_beta_sigmas",
        "use_lu_lambdas",
        "use_flow_sigmas",
        "lower_order_final",
        "euler_at_final",
        "rescale_betas_zero_snr",
        "set_alpha_to_one",
        "clip_sample",
        "thresholding",
        "predict_x0",
        "skip_prk_steps",
        "stochastic_sampling",
        "invert_sigmas")) {
      values.put(flag, List.of(true, false));
    }
    values.put("timestep_spacing", List.of("linspace", "leading", "trailing"));
    values.put("solver_order", List.of(1, 2, 3));
    values.put("predictor_order", List.of(1, 2, 3, 4));
    values.put("corrector_order", List.of(1, 2, 3, 4));
    values.put("order", List.of(1, 2, 3, 4));
    values.put("solver_type", List.of("midpoint", "heun", "bh1", "bh2"));
    values.put("final_sigmas_type", List.of("zero", "sigma_min"));
    values.put(
        "algorithm_type", List.of("dpmsolver++", "sde-dpmsolver++", "dpmsolver", "sde-dpmsolver"));
    values.put("beta_schedule", List.of("linear", "scaled_linear", "squaredcos_cap_v2"));
    values.put("prediction_type", List.of("epsilon", "v_prediction", "sample", "flow_prediction"));
    values.put("variance_type", List.of("fixed_small", "fixed_large", "fixed_large_log"));
    values.put("steps_offset", List.of(0, 1, 2));
    values.put("interpolation_type", List.of("linear", "log_linear"));
    values.put("num_train_timesteps", List.of(1000, 100));
    values.put("shift", List.of(1.0, 3.0));
    values.put("shift_terminal", List.of(0.1));
    values.put("eta", List.of(0.0, 1.0));
    values.put("s_churn", List.of(0.0, 10.0));
    values.put(
        "ladder",
        Arrays.<Object>asList(
            Stream.of(SigmaScheduleKind.values()).map(SigmaScheduleKind::name).toArray()));
    return values;
  }
}
