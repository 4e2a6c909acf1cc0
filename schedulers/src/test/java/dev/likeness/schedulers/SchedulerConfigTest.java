package dev.likeness.schedulers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.function.Executable;

class SchedulerConfigTest {
  /** As published with Stable Diffusion 1.5. */
  private static final Map<String, Object> SD15 = Map.of(
      "_class_name",
      "PNDMScheduler",
      "_diffusers_version",
      "0.6.0",
      "beta_end",
      0.012,
      "beta_schedule",
      "scaled_linear",
      "beta_start",
      0.00085,
      "num_train_timesteps",
      1000,
      "set_alpha_to_one",
      false,
      "skip_prk_steps",
      true,
      "steps_offset",
      1,
      "clip_sample",
      false);

  @Test
  void readsAPublishedConfig() {
    SchedulerConfig config = SchedulerConfig.of(SD15);
    SamplingPlan plan = config.plan(50);
    assertEquals("PNDMScheduler", config.className());
    assertEquals(Prediction.EPSILON, config.prediction());
    assertEquals(51, plan.size());
    assertArrayEquals(new double[] {981, 961, 961, 941}, Arrays.copyOf(plan.timesteps(), 4));
    assertEquals(1, plan.initNoiseSigma());
    assertEquals(0.0046601, config.noiseSchedule().alphaBar(999), 1e-7);
  }

  @Test
  void keepsGivenOptionsUnderAnotherClassAndUsesItsDefaults() {
    SchedulerConfig euler = SchedulerConfig.of(SD15).withClass("EulerDiscreteScheduler");
    assertEquals(0.012, euler.options().number("beta_end"));
    assertEquals("linspace", euler.options().text("timestep_spacing"));
    assertEquals(1, euler.options().integer("steps_offset"));
    assertEquals(
        SchedulerConfig.of(SD15).plan(20).toString(),
        euler.withClass("PNDMScheduler").plan(20).toString(),
        "switching there and back");
  }

  @Test
  void changesOneOption() {
    SchedulerConfig config = SchedulerConfig.of(SD15)
        .withClass("DPMSolverMultistepScheduler")
        .with("use_karras_sigmas", true);
    assertTrue(config.options().flag("use_karras_sigmas"));
    refuses(
        "PNDMScheduler has no option \"use_karras_sigmas\"; known: [beta_end, beta_schedule,"
            + " beta_start,"
            + " num_train_timesteps, prediction_type, set_alpha_to_one, skip_prk_steps,"
            + " steps_offset, timestep_spacing,"
            + " trained_betas]",
        () -> SchedulerConfig.of(SD15).with("use_karras_sigmas", true));
  }

  @Test
  void knowsTheNamesThatUsersType() {
    SchedulerConfig sd = SchedulerConfig.of(SD15);
    assertEquals("EulerAncestralDiscreteScheduler", sd.with("Euler a").className());
    assertEquals("EulerAncestralDiscreteScheduler", sd.with("euler_ancestral").className());
    assertEquals("UniPCMultistepScheduler", sd.with("UniPCMultistepScheduler").className());
    assertEquals("UniPCMultistepScheduler", sd.with("uni_pc").className());
    SchedulerConfig sde = sd.with("dpmpp_2m_sde_karras");
    assertEquals("DPMSolverMultistepScheduler", sde.className());
    assertEquals("sde-dpmsolver++", sde.options().text("algorithm_type"));
    assertTrue(sde.options().flag("use_karras_sigmas"));
    assertEquals(sde.plan(9).toString(), sd.with("DPM++ 2M SDE Karras").plan(9).toString());
    assertFalse(sde.with("DPM++ 2M Exponential").options().flag("use_karras_sigmas"));
    assertEquals("dpmsolver++", sde.with("DPM++ 2M").options().text("algorithm_type"));
    assertEquals("sgm_uniform", sd.with("dpmpp_3m_sde sgm_uniform").options().text("ladder"));
    refuses(
        "TCDScheduler has no option \"use_karras_sigmas\"; known: "
            + sd.with("TCD").options().names(),
        () -> sd.with("TCD Karras"));
    refuses(
        "PNDMScheduler has no sigma schedule normal; known: karras, exponential, beta, lu,"
            + " sgm_uniform, simple",
        () -> sd.with("PLMS normal"));
    refuses(
        "TCDScheduler has no sigma schedule simple; use its name alone, with its own sigma schedule",
        () -> sd.with("TCD simple"));
    assertEquals("sample_lcm", sd.with("LCM SGM Uniform").className());
    refuses(
        "sample_dpmpp_3m_sde has no sigma schedule lu; known: [normal, simple, sgm_uniform,"
            + " ddim_uniform, karras,"
            + " exponential, polyexponential, beta, vp, align_your_steps_sd15,"
            + " align_your_steps_sdxl,"
            + " align_your_steps_svd, kl_optimal, linear_quadratic, bong_tangent]",
        () -> sd.with("DPM++ 3M SDE Lu"));
    assertEquals("sample_euler", sd.with("Euler normal").className());
    assertEquals(
        "align_your_steps_sdxl",
        sd.with("DPM++ 2M Align Your Steps SDXL").options().text("ladder"));
    assertEquals(
        "polyexponential", sd.with("dpmpp_2m_sde polyexponential").options().text("ladder"));
    assertEquals("trailing", sd.with("euler sgm_uniform").options().text("timestep_spacing"));
    assertEquals("sample_dpmpp_2s_ancestral", sd.with("DPM++ 2S a").className());
    assertEquals("restart_sampler", SchedulerConfig.named("Restart").className());
    assertEquals("sample_lms", SchedulerConfig.named("sample_lms").className());
    assertEquals(4, SchedulerConfig.named("DPM fast").plan(4).size());
  }

  @Test
  void refusesImpossibleRequests() {
    SchedulerConfig sd = SchedulerConfig.of(SD15);
    refuses(
        "scheduler \"dpm_adaptive\" is not supported, because its step sizes are adaptive;"
            + " use DPM fast or DPM++ 2M",
        () -> sd.with("dpm_adaptive"));
    refuses(
        "scheduler \"k_dpm_ad\" is not supported, because its step sizes are adaptive;"
            + " use DPM fast or DPM++ 2M",
        () -> sd.with("k_dpm_ad"));
  }

  @TestFactory
  Stream<DynamicTest> plansEveryClassWithItsDefaultsOrSaysWhyNot() {
    return SchedulerConfig.classNames().stream()
        .map(name -> DynamicTest.dynamicTest(name, () -> {
          SchedulerConfig config = SchedulerConfig.named(name);
          List<Integer> done = new ArrayList<>();
          for (int steps : new int[] {1, 2, 3, 4, 10, 50, 999, 1000, 1001}) {
            try {
              SamplingPlan plan = config.plan(PlanRequest.of(steps).mu(1));
              assertTrue(plan.size() >= Math.min(steps, 2) - 1, name + " " + steps);
              done.add(steps);
            } catch (IllegalArgumentException refused) {
              assertTrue(
                  refused.getMessage().matches(".*\\d.*")
                      && !refused.getMessage().contains("must be finite"),
                  name + " of " + steps + ": " + refused.getMessage());
            }
          }
          List<Integer> usual =
              switch (name) {
                case "CMStochasticIterativeScheduler" -> List.of(10); // it was trained on 40 steps
                case "ConsistencyDecoderScheduler" -> List.of(2);
                default -> List.of(10, 50);
              };
          assertTrue(done.containsAll(usual), name + " plans only " + done);
        }));
  }

  @Test
  void suggestsTheClosestNamesForAnUnknownName() {
    String message = assertThrows(
            IllegalArgumentException.class,
            () -> SchedulerConfig.of(Map.of("_class_name", "EulerScheduler")))
        .getMessage();
    assertEquals(
        "unknown scheduler class \"EulerScheduler\"; closest: EDMEulerScheduler,"
            + " EulerDiscreteScheduler, LCMScheduler; docs/reference/schedulers.md lists the classes",
        message);
    assertSuggests("Eulre", "euler, eulera, ");
    assertSuggests("DPM++ 2M Karas", "dpmpp2m karras, ");
  }

  private static void assertSuggests(String name, String closest) {
    String message = assertThrows(IllegalArgumentException.class, () -> SchedulerConfig.named(name))
        .getMessage();
    assertTrue(
        message.startsWith("unknown scheduler \"" + name + "\"; closest: " + closest)
            && message.endsWith("; docs/reference/schedulers.md lists the names")
            && message.length() < 160,
        message);
  }

  @Test
  void refusesValuesThatNoClassKnows() {
    refuses(
        "a scheduler config needs a text _class_name, such as EulerDiscreteScheduler; got null in a"
            + " config with the options [beta_end]",
        () -> SchedulerConfig.of(Map.of("beta_end", 1)));
    refuses(
        "a scheduler config needs a text _class_name, such as EulerDiscreteScheduler; got 3 in a"
            + " config with the options [_class_name]",
        () -> SchedulerConfig.of(Map.of("_class_name", 3)));
    refuses(
        "unknown beta_schedule \"quadratic\"; known: linear, scaled_linear, squaredcos_cap_v2,"
            + " sigmoid, laplace,"
            + " exp",
        () -> config("DDIMScheduler", "beta_schedule", "quadratic"));
    refuses(
        "unknown timestep_spacing \"even\"; known: linspace, leading, trailing",
        () -> config("DDIMScheduler", "timestep_spacing", "even"));
    refuses(
        "unknown prediction_type \"noise\"; known: epsilon, v_prediction, sample, flow_prediction",
        () -> config("DDIMScheduler", "prediction_type", "noise"));
    refuses(
        "PNDMScheduler does not support prediction_type sample; known: epsilon, v_prediction",
        () -> config("PNDMScheduler", "prediction_type", "sample"));
    refuses(
        "option \"solver_type\" of DPMSolverMultistepScheduler must be one of midpoint, heun,"
            + " logrho, bh1, bh2, got euler",
        () -> config("DPMSolverMultistepScheduler", "solver_type", "euler"));
    refuses(
        "option \"clip_sample\" of DDIMScheduler must be true or false, got yes",
        () -> config("DDIMScheduler", "clip_sample", "yes"));
    refuses(
        "option \"num_train_timesteps\" of DDIMScheduler must be a whole number, got 10.5",
        () -> config("DDIMScheduler", "num_train_timesteps", 10.5));
    refuses(
        "option \"beta_start\" of DDIMScheduler must be a number, got low",
        () -> config("DDIMScheduler", "beta_start", "low"));
    refuses(
        "option \"trained_betas\" of DDIMScheduler must be a list of numbers, got 3",
        () -> config("DDIMScheduler", "trained_betas", 3));
    refuses(
        "EulerDiscreteScheduler supports only one of use_karras_sigmas, use_exponential_sigmas and"
            + " use_beta_sigmas, got 2; set only one of them to true",
        () -> SchedulerConfig.of(Map.of(
            "_class_name",
            "EulerDiscreteScheduler",
            "use_karras_sigmas",
            true,
            "use_beta_sigmas",
            true)));
    for (String className : List.of(
        "DPMSolverMultistepScheduler",
        "DPMSolverSinglestepScheduler",
        "DEISMultistepScheduler",
        "SASolverScheduler",
        "UniPCMultistepScheduler",
        "DPMSolverMultistepInverseScheduler")) {
      refuses(
          className
              + " with prediction_type flow_prediction needs flow sigmas; set use_flow_sigmas to"
              + " true",
          () -> config(className, "prediction_type", "flow_prediction"));
    }
    refuses(
        "UniPCMultistepScheduler supports shift_terminal with use_flow_sigmas only, got 0.1; set"
            + " use_flow_sigmas to true,"
            + " or leave shift_terminal out",
        () -> config("UniPCMultistepScheduler", "shift_terminal", 0.1));
    refuses(
        "algorithm_type dpmsolver cannot end without noise; set final_sigmas_type to sigma_min"
            + " or use dpmsolver++",
        () -> config("DPMSolverMultistepScheduler", "algorithm_type", "dpmsolver"));
    refuses(
        "unknown sigma schedule \"round\"; known: [normal, simple, sgm_uniform, ddim_uniform,"
            + " karras, exponential,"
            + " polyexponential, beta, vp, align_your_steps_sd15, align_your_steps_sdxl,"
            + " align_your_steps_svd,"
            + " kl_optimal, linear_quadratic, bong_tangent]",
        () -> config("sample_euler", "ladder", "round"));
  }

  @Test
  void refusesStepsOutsideItsRange() {
    refuses(
        "this scheduler supports 1 to 1000 steps, got 1001",
        () -> SchedulerConfig.named("DDIMScheduler").plan(1001));
    refuses(
        "this scheduler supports 1 to 999 steps, got 1000",
        () -> SchedulerConfig.named("DPM++ 2M").plan(1000));
    refuses(
        "this scheduler supports 4 to 1000 steps, got 3",
        () -> SchedulerConfig.named("PNDM").plan(3));
    refuses(
        "steps must be at least 1, got 0", () -> SchedulerConfig.named("DDIM").plan(0));
    refuses(
        "strength must be in 0..1, got 1.5", () -> SchedulerConfig.named("DDIM").plan(10, 1.5));
    refuses(
        "timesteps must descend within 0..999, got 300.0 after 200.0",
        () -> SchedulerConfig.named("DDPM").plan(PlanRequest.ofTimesteps(200, 300)));
    refuses(
        "DDIM computes its own timesteps; leave timesteps out",
        () -> SchedulerConfig.named("DDIM").plan(PlanRequest.ofTimesteps(200)));
    refuses(
        "PNDM with Runge-Kutta steps supports neither a strength below 1 nor a denoising start above"
            + " 0; set skip_prk_steps to true",
        () -> SchedulerConfig.named("PNDM").plan(10, 0.5));
    refuses(
        "epsilon prediction is not defined for pure noise (alpha 0); use v_prediction or sample",
        () -> SchedulerConfig.of(Map.of(
                "_class_name",
                "DDIMScheduler",
                "rescale_betas_zero_snr",
                true,
                "timestep_spacing",
                "trailing"))
            .plan(10));
  }

  @Test
  void splitsSamplingBetweenBaseAndRefiner() {
    for (String name : List.of("DDIM", "Euler", "DPM++ 2M", "UniPC")) {
      SchedulerConfig config = SchedulerConfig.of(SD15).with(name);
      SamplingPlan whole = config.plan(20);
      SamplingPlan base = config.plan(PlanRequest.of(20).denoisingRange(0, 0.8));
      SamplingPlan refiner = config.plan(PlanRequest.of(20).denoisingRange(0.8, 1));
      assertEquals(whole.size(), base.size() + refiner.size(), name);
      assertTrue(base.timesteps()[base.size() - 1] >= 200 && refiner.timesteps()[0] < 200, name);
      assertEquals(
          whole.steps().get(base.size()).level(), refiner.steps().get(0).level(), name);
    }
  }

  @Test
  void startsTheRefinerOfATwoCallSolverAtAWholeStep() {
    SchedulerConfig heun = SchedulerConfig.of(SD15).with("Heun");
    SamplingPlan refiner = heun.plan(PlanRequest.of(20).denoisingRange(0.8, 1));
    assertEquals(1, refiner.size() % 2);
    assertEquals(
        2,
        refiner.steps().get(1).update().samples().length,
        "the second row returns to the first sample");
    assertEquals(
        heun.plan(20).steps().get(39 - refiner.size()).level(),
        refiner.steps().get(0).level());
  }

  @Test
  void startsImageToImageInsideTheSchedule() {
    SchedulerConfig euler = SchedulerConfig.of(SD15).with("Euler");
    SamplingPlan plan = euler.plan(20, 0.6);
    assertEquals(12, plan.size());
    assertEquals(1, plan.start().signal());
    assertEquals(plan.steps().get(0).level().sigma(), plan.start().noise());
    assertEquals(euler.plan(20).initNoiseSigma(), plan.initNoiseSigma());
    assertEquals(0, euler.plan(20, 0).size());
    assertNotEquals(0, euler.plan(20, 1).size());
  }

  @Test
  void startsImageToImageAtTheNoiseThatChurnAdds() {
    SamplingPlan plan =
        SchedulerConfig.named("KarrasVeScheduler").with("s_noise", 1.0).plan(8, 0.5);
    assertEquals(plan.steps().get(0).level().sigma(), plan.start().noise(), 1e-12);
    assertEquals(Math.sqrt(2) * 1e4 * Math.pow(4e-8, 4 / 7.0), plan.start().noise(), 1e-9);
  }

  @Test
  void keepsAClassOptionOutOfOtherClasses() {
    SchedulerConfig pndm = SchedulerConfig.of(Map.of("_class_name", "PNDMScheduler"))
        .withClassOption("steps_offset", 1);
    assertEquals(1, pndm.with("skip_prk_steps", true).options().integer("steps_offset"));
    assertEquals(2, pndm.with("steps_offset", 2).options().integer("steps_offset"));
    assertEquals(0, pndm.with("DDIM").options().integer("steps_offset"));
    assertEquals(0, pndm.withClass("DDIMScheduler").options().integer("steps_offset"));
  }

  private static SchedulerConfig config(String className, String option, Object value) {
    return SchedulerConfig.of(Map.of("_class_name", className, option, value));
  }

  private static void refuses(String message, Executable asking) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, asking).getMessage());
  }
}
