package dev.likeness.schedulers.diffusers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.SchedulerConfig;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the classes of diffusers refuse of a request, and where their ranges end. */
class RequestRangesTest {
  @ParameterizedTest
  @CsvSource({
    "CMStochasticIterativeScheduler, 1, 40",
    "ConsistencyDecoderScheduler, 2, 2",
    "DDIMScheduler, 1, 1000",
    "DDPMScheduler, 1, 1000",
    "DEISMultistepScheduler, 1, 999",
    "DPMSolverMultistepInverseScheduler, 1, 999",
    "DPMSolverMultistepScheduler, 1, 999",
    "DPMSolverSinglestepScheduler, 1, 999",
    "EulerAncestralDiscreteScheduler, 1, 2147483647",
    "LCMScheduler, 1, 50",
    "MiniMaxH3Scheduler, 2, 2147483647",
    "PNDMScheduler, 4, 1000",
    "SASolverScheduler, 1, 999",
    "TCDScheduler, 1, 50",
    "UnCLIPScheduler, 2, 1000",
    "UniPCMultistepScheduler, 1, 999"
  })
  void plansWithinItsRangeAndRefusesBeyond(String className, int least, int most) {
    SchedulerConfig config = SchedulerConfig.named(className);
    config.plan(least);
    if (least > 1) {
      refuses(rangeMessage(least, most, least - 1), config, PlanRequest.of(least - 1));
    }
    if (most < Integer.MAX_VALUE) {
      config.plan(most);
      refuses(rangeMessage(least, most, most + 1), config, PlanRequest.of(most + 1));
    }
  }

  @Test
  void countsLeadingAndTrailingStepsByTheTrainedOnes() {
    for (String spacing : List.of("leading", "trailing")) {
      SchedulerConfig euler =
          SchedulerConfig.named("EulerDiscreteScheduler").with("timestep_spacing", spacing);
      euler.plan(1000);
      refuses(rangeMessage(1, 1000, 1001), euler, PlanRequest.of(1001));
      SchedulerConfig dpm =
          SchedulerConfig.named("DPMSolverMultistepScheduler").with("timestep_spacing", spacing);
      int most = "trailing".equals(spacing) ? 1000 : 999;
      refuses(rangeMessage(1, most, most + 1), dpm, PlanRequest.of(most + 1));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "CMStochasticIterativeScheduler",
        "DPMSolverMultistepScheduler",
        "DEISMultistepScheduler",
        "LCMScheduler",
        "SASolverScheduler",
        "TCDScheduler",
        "DDPMWuerstchenScheduler",
        "SCMScheduler"
      })
  void refusesSigmasThatItComputes(String className) {
    refuses(
        className + " computes its own sigmas; leave sigmas out",
        SchedulerConfig.named(className),
        PlanRequest.ofSigmas(3, 1, 0));
  }

  @Test
  void refusesSigmasInEveryOtherVariantToo() {
    refuses(
        "DDPM computes its own sigmas; leave sigmas out",
        SchedulerConfig.named("DDPMScheduler"),
        PlanRequest.ofSigmas(3, 1, 0));
    refuses(
        "UniPCMultistepScheduler computes its own sigmas; leave sigmas out",
        SchedulerConfig.named("UniPCMultistepScheduler")
            .with("use_flow_sigmas", true)
            .with("use_karras_sigmas", true),
        PlanRequest.ofSigmas(1, 0.5));
    for (String name : List.of("dpm_fast", "Restart")) {
      for (PlanRequest request :
          List.of(PlanRequest.ofSigmas(3, 1, 0), PlanRequest.ofTimesteps(900, 500))) {
        refuses(
            "DPM fast and Restart compute their own sigmas and timesteps; leave both out, and give a"
                + " number of steps",
            SchedulerConfig.named(name),
            request);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "DDIMScheduler, DDIM",
    "DDIMInverseScheduler, DDIM inversion",
    "PNDMScheduler, PNDM",
    "IPNDMScheduler, IPNDMScheduler",
    "EDMEulerScheduler, EDMEulerScheduler",
    "MiniMaxH3Scheduler, MiniMaxH3Scheduler",
    "UnCLIPScheduler, UnCLIPScheduler",
    "ConsistencyDecoderScheduler, ConsistencyDecoderScheduler",
    "DPMSolverMultistepInverseScheduler, DPMSolverMultistepInverseScheduler"
  })
  void refusesTimestepsThatItSpaces(String className, String called) {
    refuses(
        called + " computes its own timesteps; leave timesteps out",
        SchedulerConfig.named(className),
        PlanRequest.ofTimesteps(900, 500, 100, 20));
  }

  @ParameterizedTest
  @CsvSource({
    "DPMSolverMultistepScheduler, use_karras_sigmas",
    "DPMSolverMultistepScheduler, use_lu_lambdas",
    "DEISMultistepScheduler, use_exponential_sigmas",
    "SASolverScheduler, use_flow_sigmas",
    "UniPCMultistepScheduler, use_flow_sigmas"
  })
  void refusesTimestepsBesideItsOwnSigmaSchedule(String className, String sigmaSchedule) {
    refuses(
        className + " computes its own timesteps; leave timesteps out",
        SchedulerConfig.named(className).with(sigmaSchedule, true),
        PlanRequest.ofTimesteps(900, 500, 100, 20));
    refuses(
        "a CustomScheduler computes its own timesteps; give sigmas, or leave timesteps out",
        SchedulerConfig.named("sample_euler"),
        PlanRequest.ofTimesteps(900, 500, 100, 20));
  }

  /** Where diffusers raises. */
  @ParameterizedTest
  @CsvSource({
    "EulerDiscreteScheduler, karras",
    "EulerDiscreteScheduler, exponential",
    "HeunDiscreteScheduler, beta"
  })
  void refusesTimestepsThatKDiffusionsSchedulesWouldRespace(
      String className, String sigmaSchedule) {
    refuses(
        className + " with use_" + sigmaSchedule
            + "_sigmas computes its own timesteps; give sigmas, or leave that"
            + " option out",
        SchedulerConfig.named(className).with("use_" + sigmaSchedule + "_sigmas", true),
        PlanRequest.ofTimesteps(900, 500, 100, 20));
    refuses(
        "EulerDiscreteScheduler with timestep_type continuous computes its own timesteps; give"
            + " sigmas, or leave that option out",
        SchedulerConfig.named("EulerDiscreteScheduler")
            .with("timestep_type", "continuous")
            .with("prediction_type", "v_prediction"),
        PlanRequest.ofTimesteps(900, 500, 100, 20));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "LCMScheduler",
        "TCDScheduler",
        "EulerDiscreteScheduler",
        "HeunDiscreteScheduler",
        "DPMSolverMultistepScheduler",
        "DPMSolverSinglestepScheduler",
        "DDPMScheduler"
      })
  void refusesTimestepsThatAreNotDescending(String className) {
    SchedulerConfig config = SchedulerConfig.named(className);
    String range = "timesteps must descend within 0..999, got ";
    refuses(range + "300.0 after 200.0", config, PlanRequest.ofTimesteps(200, 300));
    refuses(range + "300.0 after 300.0", config, PlanRequest.ofTimesteps(300, 300));
    refuses(range + "1000.0 as the first", config, PlanRequest.ofTimesteps(1000, 300));
    refuses(range + "-1.0 after 200.0", config, PlanRequest.ofTimesteps(200, -1));
    refuses(range + "NaN as the first", config, PlanRequest.ofTimesteps(Double.NaN));
    config.plan(PlanRequest.ofTimesteps(999, 749, 499, 249));
  }

  /**
   * steps_offset may move the first timestep beyond the trained ones; diffusers has no level there.
   */
  @ParameterizedTest
  @CsvSource({
    "PNDMScheduler, 1000, 1, 1000, 999",
    "PNDMScheduler, 500, 5, 1003, 498",
    "PNDMScheduler, 1000, 5, 1004, 995",
    "DDIMScheduler, 1000, 1, 1000, 999",
    "DDIMParallelScheduler, 1000, 1, 1000, 999",
    "DDIMInverseScheduler, 1000, 1, 1000, 999",
    "DDPMScheduler, 1000, 1, 1000, 999",
    "DDPMScheduler, 333, 5, 1001, 332"
  })
  void saysHowManyStepsAnOffsetLeaves(
      String className, int steps, int offset, int first, int fewer) {
    SchedulerConfig config = SchedulerConfig.named(className)
        .with("timestep_spacing", "leading")
        .with("steps_offset", offset);
    SchedulerConfig skipping =
        className.startsWith("PNDM") ? config.with("skip_prk_steps", true) : config;
    refuses(
        steps + " steps begin at timestep " + first + ", because steps_offset is " + offset
            + ", but the last trained timestep is 999; give " + fewer
            + " steps, or a smaller steps_offset",
        skipping,
        PlanRequest.of(steps));
    skipping.plan(PlanRequest.of(fewer));
  }

  @ParameterizedTest
  @CsvSource({
    "DPMSolverMultistepScheduler, 999, 1, 998",
    "DEISMultistepScheduler, 999, 1, 998",
    "UniPCMultistepScheduler, 999, 1, 998",
    "SASolverScheduler, 999, 1, 998",
    "DPMSolverSDEScheduler, 1000, 1, 999",
    "LMSDiscreteScheduler, 1000, 1, 999"
  })
  void refusesAScheduleThatRepeatsASigma(String className, int steps, int offset, int fewer) {
    SchedulerConfig config = SchedulerConfig.named(className)
        .with("timestep_spacing", "leading")
        .with("steps_offset", offset);
    String message = assertThrows(
            IllegalArgumentException.class, () -> config.plan(PlanRequest.of(steps)))
        .getMessage();
    assertTrue(
        message.matches("this scheduler needs different sigmas, but its schedule of " + steps
            + " steps repeats sigma [0-9.]+; use fewer steps or a smaller steps_offset"),
        message);
    config.plan(PlanRequest.of(fewer));
  }

  /** Pure noise is at the timestep above the trained table's last. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "FlowMatchEulerDiscreteScheduler",
        "FlowMatchLCMScheduler",
        "FlowMapEulerDiscreteScheduler"
      })
  void refusesFlowTimestepsThatAreNotDescending(String className) {
    SchedulerConfig config = SchedulerConfig.named(className);
    refuses(
        "timesteps must descend within 0..1000, got 300.0 after 200.0",
        config,
        PlanRequest.ofTimesteps(200, 300));
    refuses(
        "timesteps must descend within 0..1000, got 1001.0 as the first",
        config,
        PlanRequest.ofTimesteps(1001, 300));
    assertEquals(2, config.plan(PlanRequest.ofTimesteps(1000, 500)).size());
  }

  /** As many as there are: the steps of a distillation are a default alone, as in diffusers. */
  @ParameterizedTest
  @ValueSource(strings = {"LCMScheduler", "TCDScheduler"})
  void acceptsMoreTimestepsThanItWasDistilledOn(String className) {
    double[] descending = IntStream.range(0, 60).mapToDouble(i -> 990 - 10 * i).toArray();
    assertEquals(
        60,
        SchedulerConfig.named(className)
            .plan(PlanRequest.ofTimesteps(descending))
            .size());
  }

  /**
   * As diffusers' image-to-image counts them: of eleven sigmas, the last of which is the end, five
   * of ten steps.
   */
  @ParameterizedTest
  @ValueSource(strings = {"EulerDiscreteScheduler", "LTXEulerAncestralRFScheduler"})
  void countsStrengthByTheStepsThatSigmasMake(String className) {
    double[] sigmas = {1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0};
    assertEquals(
        5,
        SchedulerConfig.named(className)
            .plan(PlanRequest.ofSigmas(sigmas).strength(0.5))
            .size());
  }

  private static String rangeMessage(int least, int most, int steps) {
    String range = most == Integer.MAX_VALUE ? "at least " + least : least + " to " + most;
    return "this scheduler supports " + range + " steps, got " + steps;
  }

  private static void refuses(String message, SchedulerConfig config, PlanRequest request) {
    assertEquals(
        message,
        assertThrows(IllegalArgumentException.class, () -> config.plan(request)).getMessage());
  }
}
