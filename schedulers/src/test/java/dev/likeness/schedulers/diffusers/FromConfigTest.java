package dev.likeness.schedulers.diffusers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.SamplingPlan;
import dev.likeness.schedulers.SchedulerConfig;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What classes read of a config that was another class's; all ladders are those of diffusers 0.42.1
 * after {@code from_config}, in single precision.
 */
class FromConfigTest {
  /** As published with Stable Video Diffusion. */
  private static final Map<String, Object> SVD = Map.of(
      "_class_name",
      "EulerDiscreteScheduler",
      "beta_start",
      0.00085,
      "beta_end",
      0.012,
      "beta_schedule",
      "scaled_linear",
      "prediction_type",
      "v_prediction",
      "sigma_min",
      0.002,
      "sigma_max",
      700.0,
      "timestep_spacing",
      "leading",
      "timestep_type",
      "continuous",
      "steps_offset",
      1);

  private static final double[] KARRAS = {700, 70.54084, 2.269116, 0.002};
  private static final double[] EXPONENTIAL = {700, 9.932884, 0.140946, 0.002};

  @ParameterizedTest
  @ValueSource(
      strings = {
        "DPMSolverMultistepScheduler",
        "DPMSolverSinglestepScheduler",
        "DEISMultistepScheduler",
        "SASolverScheduler",
        "UniPCMultistepScheduler"
      })
  void computesSigmasBetweenTheEndsOfTheConfig(String className) {
    SamplingPlan karras = svd("use_karras_sigmas").withClass(className).plan(4);
    assertArrayEquals(KARRAS, levels(karras, NoiseLevel::ratio), 1e-5);
    assertArrayEquals(new double[] {999, 999, 598, 0}, karras.timesteps());
    SamplingPlan exponential =
        svd("use_exponential_sigmas").withClass(className).plan(4);
    assertArrayEquals(EXPONENTIAL, levels(exponential, NoiseLevel::ratio), 1e-5);
    assertArrayEquals(new double[] {999, 932, 20, 0}, exponential.timesteps());
  }

  @Test
  void computesKDiffusionSigmasBetweenTheEndsOfTheConfig() {
    SamplingPlan heun =
        svd("use_karras_sigmas").withClass("HeunDiscreteScheduler").plan(4);
    assertArrayEquals(
        new double[] {700, 70.54084, 70.54084, 2.269116, 2.269116, 0.002, 0.002},
        levels(heun, NoiseLevel::sigma),
        1e-5);
    assertArrayEquals(
        new double[] {999, 999, 999, 598.0975, 598.0975, 0, 0}, heun.timesteps(), 1e-3);
    for (String className :
        new String[] {"KDPM2DiscreteScheduler", "KDPM2AncestralDiscreteScheduler"}) {
      double[] timesteps = svd("use_karras_sigmas").withClass(className).plan(4).timesteps();
      assertArrayEquals(
          new double[] {999, 999, 598, 0},
          new double[] {timesteps[0], timesteps[2], timesteps[4], timesteps[6]},
          className);
    }
  }

  /** Where their exponential ladders do. */
  @ParameterizedTest
  @ValueSource(strings = {"LMSDiscreteScheduler", "DPMSolverSDEScheduler"})
  void keepsKarrasSigmasOfTwoClassesToTheTrainedLevels(String className) {
    Map<String, Object> without = new HashMap<>(SVD);
    without.keySet().removeAll(Set.of("sigma_min", "sigma_max"));
    assertEquals(
        SchedulerConfig.of(without)
            .with("use_karras_sigmas", true)
            .withClass(className)
            .plan(4)
            .toString(),
        svd("use_karras_sigmas").withClass(className).plan(4).toString());
    SamplingPlan exponential =
        svd("use_exponential_sigmas").withClass(className).plan(4);
    assertEquals(700, exponential.steps().get(0).level().sigma(), 1e-9);
  }

  @Test
  void computesInverseSigmasBetweenTheEndsOfTheConfig() {
    SamplingPlan inverse = svd("use_exponential_sigmas")
        .withClass("DPMSolverMultistepInverseScheduler")
        .plan(4);
    assertArrayEquals(EXPONENTIAL, levels(inverse, NoiseLevel::ratio), 1e-5);
    assertArrayEquals(new double[] {999, 932, 20, 0}, inverse.timesteps());
  }

  @ParameterizedTest
  @ValueSource(strings = {"FlowMatchEulerDiscreteScheduler", "FlowMatchLCMScheduler"})
  void computesFlowSigmasBetweenTheEndsOfTheConfig(String className) {
    SchedulerConfig flow =
        flow(Map.of("use_karras_sigmas", true, "sigma_min", 0.1, "sigma_max", 0.9));
    assertArrayEquals(
        new double[] {0.9, 0.465801, 0.225124, 0.1},
        levels(flow.withClass(className).plan(4), NoiseLevel::sigma),
        1e-6);
  }

  @Test
  void samplesFlowMatchEulersSigmasWithLtxsAncestralSteps() {
    SchedulerConfig shifted = flow(Map.of("shift", 3.0)).withClass("LTXEulerAncestralRFScheduler");
    assertArrayEquals(
        new double[] {1, 0.857692, 0.602151, 0.008929},
        levels(shifted.plan(4), NoiseLevel::sigma),
        1e-6);
    SchedulerConfig dynamic = flow(Map.of(
            "use_dynamic_shifting",
            true,
            "shift_terminal",
            0.1,
            "time_shift_type",
            "linear",
            "use_karras_sigmas",
            true))
        .withClass("LTXEulerAncestralRFScheduler");
    assertArrayEquals(
        new double[] {1, 0.503248, 0.235016, 0.1},
        levels(dynamic.plan(PlanRequest.of(4).mu(2)), NoiseLevel::sigma),
        1e-6);
    assertEquals(
        "LTXEulerAncestralRFScheduler with use_dynamic_shifting needs mu; set PlanRequest.mu,"
            + " such as 1.15 for an image of 4096 tokens, or generate with an ImageRequest,"
            + " which sets it",
        assertThrows(IllegalArgumentException.class, () -> dynamic.plan(4)).getMessage());
    assertEquals(
        "LTXEulerAncestralRFScheduler with invert_sigmas cannot add noise;"
            + " leave invert_sigmas out or sample without noise",
        assertThrows(
                IllegalArgumentException.class,
                () -> flow(Map.of("invert_sigmas", true)).withClass("LTXEulerAncestralRFScheduler"))
            .getMessage());
  }

  /** {@code torch.clamp(s, min=1, max=0.5)} is 0.5. */
  @Test
  void thresholdsBelowOneIfConfigured() {
    SchedulerConfig config = SchedulerConfig.of(
        Map.of("_class_name", "DDIMScheduler", "thresholding", true, "sample_max_value", 0.5));
    assertArrayEquals(
        new double[] {0.4, -1},
        config.plan(4).steps().get(0).clipping().apply(new double[] {0.2, -3}),
        1e-15);
  }

  /** As every saved config of DPM-Solver has it. */
  @Test
  void addsTheSmallVarianceIfTheConfigHasNone() {
    Map<String, Object> saved = new HashMap<>(SVD);
    saved.put("variance_type", null);
    for (String className : new String[] {"DDPMScheduler", "DDPMParallelScheduler"}) {
      assertEquals(
          SchedulerConfig.of(SVD).withClass(className).plan(4).toString(),
          SchedulerConfig.of(saved).withClass(className).plan(4).toString());
    }
  }

  private static SchedulerConfig svd(String sigmaSchedule) {
    return SchedulerConfig.of(SVD).with(sigmaSchedule, true);
  }

  private static SchedulerConfig flow(Map<String, Object> options) {
    Map<String, Object> json = new HashMap<>(options);
    json.put("_class_name", "FlowMatchEulerDiscreteScheduler");
    return SchedulerConfig.of(json);
  }

  private static double[] levels(SamplingPlan plan, ToDoubleFunction<NoiseLevel> sigma) {
    return plan.steps().stream()
        .mapToDouble(row -> sigma.applyAsDouble(row.level()))
        .toArray();
  }
}
