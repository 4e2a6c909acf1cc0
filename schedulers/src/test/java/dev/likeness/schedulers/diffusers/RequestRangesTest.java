package dev.likeness.schedulers.diffusers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.SchedulerConfig;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the classes of diffusers refuse of a request, and where their ranges end. */
class RequestRangesTest {
  @ParameterizedTest
  @CsvSource({"CMStochasticIterativeScheduler, 1, 40", "ConsistencyDecoderScheduler, 2, 2", "DDIMScheduler, 1, 1000",
      "DDPMScheduler, 1, 1000", "DEISMultistepScheduler, 1, 999", "DPMSolverMultistepInverseScheduler, 1, 999",
      "DPMSolverMultistepScheduler, 1, 999", "DPMSolverSinglestepScheduler, 1, 999",
      "EulerAncestralDiscreteScheduler, 1, 2147483647", "LCMScheduler, 1, 50", "MiniMaxH3Scheduler, 2, 2147483647",
      "PNDMScheduler, 4, 1000", "SASolverScheduler, 1, 999", "TCDScheduler, 1, 50", "UnCLIPScheduler, 2, 1000",
      "UniPCMultistepScheduler, 1, 999"})
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

  @Test void countsLeadingAndTrailingStepsByTheTrainedOnes() {
    for (String spacing : List.of("leading", "trailing")) {
      SchedulerConfig euler = SchedulerConfig.named("EulerDiscreteScheduler").with("timestep_spacing", spacing);
      euler.plan(1000);
      refuses(rangeMessage(1, 1000, 1001), euler, PlanRequest.of(1001));
      SchedulerConfig dpm = SchedulerConfig.named("DPMSolverMultistepScheduler").with("timestep_spacing", spacing);
      int most = "trailing".equals(spacing) ? 1000 : 999;
      refuses(rangeMessage(1, most, most + 1), dpm, PlanRequest.of(most + 1));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"CMStochasticIterativeScheduler", "DPMSolverMultistepScheduler", "DEISMultistepScheduler",
      "LCMScheduler", "SASolverScheduler", "TCDScheduler"})
  void refusesSigmasThatItComputes(String className) {
    refuses(className + " computes its own sigmas and takes no others", SchedulerConfig.named(className),
        PlanRequest.ofSigmas(3, 1, 0));
  }

  @ParameterizedTest
  @CsvSource({"DDIMScheduler, DDIM", "DDIMInverseScheduler, DDIM inversion", "PNDMScheduler, PNDM",
      "IPNDMScheduler, IPNDMScheduler", "EDMEulerScheduler, EDMEulerScheduler",
      "MiniMaxH3Scheduler, MiniMaxH3Scheduler",
      "DPMSolverMultistepInverseScheduler, DPMSolverMultistepInverseScheduler"})
  void refusesTimestepsThatItSpaces(String className, String called) {
    refuses(called + " spaces its own timesteps and takes no others", SchedulerConfig.named(className),
        PlanRequest.ofTimesteps(900, 500, 100, 20));
  }

  @ParameterizedTest
  @CsvSource({"DPMSolverMultistepScheduler, use_karras_sigmas", "DPMSolverMultistepScheduler, use_lu_lambdas",
      "DEISMultistepScheduler, use_exponential_sigmas", "SASolverScheduler, use_flow_sigmas",
      "UniPCMultistepScheduler, use_flow_sigmas"})
  void refusesTimestepsBesideALadderOfItsOwn(String className, String ladder) {
    refuses(className + " spaces its own timesteps and takes no others", SchedulerConfig.named(className).with(ladder, true),
        PlanRequest.ofTimesteps(900, 500, 100, 20));
    refuses("a ladder of sigmas has the timesteps of its sigmas and takes no others; give sigmas",
        SchedulerConfig.named("sample_euler"), PlanRequest.ofTimesteps(900, 500, 100, 20));
  }

  /** As diffusers' image-to-image counts them: of eleven sigmas, the last of which is the end, five of ten steps. */
  @ParameterizedTest
  @ValueSource(strings = {"EulerDiscreteScheduler", "LTXEulerAncestralRFScheduler"})
  void countsStrengthByTheStepsThatSigmasMake(String className) {
    double[] sigmas = {1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0};
    assertEquals(5, SchedulerConfig.named(className).plan(PlanRequest.ofSigmas(sigmas).strength(0.5)).size());
  }

  private static String rangeMessage(int least, int most, int steps) {
    return "this scheduler makes " + least + " to " + most + " steps, got " + steps;
  }

  private static void refuses(String message, SchedulerConfig config, PlanRequest request) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, () -> config.plan(request)).getMessage());
  }
}
