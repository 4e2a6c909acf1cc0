package dev.likeness.schedulers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The names that users of A1111 1.10 and ComfyUI of 2026 type, on networks that predict noise and
 * on such of flow.
 */
class SamplerNameTest {
  private static final SchedulerConfig SD = SchedulerConfig.of(Map.of(
      "_class_name",
      "PNDMScheduler",
      "beta_end",
      0.012,
      "beta_schedule",
      "scaled_linear",
      "beta_start",
      0.00085,
      "skip_prk_steps",
      true,
      "steps_offset",
      1));
  private static final SchedulerConfig SD3 = SchedulerConfig.of(Map.of(
      "_class_name", "FlowMatchEulerDiscreteScheduler", "num_train_timesteps", 1000, "shift", 3.0));
  private static final List<String> COMFY = List.of(
      "euler",
      "euler_cfg_pp",
      "euler_ancestral",
      "euler_ancestral_cfg_pp",
      "heun",
      "heunpp2",
      "exp_heun_2_x0",
      "exp_heun_2_x0_sde",
      "dpm_2",
      "dpm_2_ancestral",
      "lms",
      "dpm_fast",
      "dpmpp_2s_ancestral",
      "dpmpp_2s_ancestral_cfg_pp",
      "dpmpp_sde",
      "dpmpp_sde_gpu",
      "dpmpp_2m",
      "dpmpp_2m_cfg_pp",
      "dpmpp_2m_sde",
      "dpmpp_2m_sde_gpu",
      "dpmpp_2m_sde_heun",
      "dpmpp_2m_sde_heun_gpu",
      "dpmpp_3m_sde",
      "dpmpp_3m_sde_gpu",
      "ddpm",
      "lcm",
      "ipndm",
      "ipndm_v",
      "deis",
      "res_multistep",
      "res_multistep_cfg_pp",
      "res_multistep_ancestral",
      "res_multistep_ancestral_cfg_pp",
      "gradient_estimation",
      "gradient_estimation_cfg_pp",
      "er_sde",
      "seeds_2",
      "seeds_3",
      "sa_solver",
      "sa_solver_pece",
      "ddim",
      "uni_pc",
      "uni_pc_bh2");
  private static final List<String> COMFY_SCHEDULES = List.of(
      "simple",
      "sgm_uniform",
      "karras",
      "exponential",
      "ddim_uniform",
      "beta",
      "normal",
      "linear_quadratic",
      "kl_optimal");
  /** Samplers that diffusers' classes sample flow by, on levels of their own. */
  private static final List<String> OWN_LEVELS = List.of(
      "dpmpp_2m",
      "dpmpp_2m_sde",
      "dpmpp_2m_sde_gpu",
      "dpmpp_2m_sde_heun",
      "dpmpp_2m_sde_heun_gpu",
      "deis",
      "sa_solver",
      "uni_pc",
      "uni_pc_bh2",
      "DPM++ 2M",
      "DPM++ 2M SDE",
      "DPM++ 2M SDE Heun",
      "UniPC");

  private static final List<String> WEB_UI = List.of(
      "DPM++ 2M",
      "DPM++ SDE",
      "DPM++ 2M SDE",
      "DPM++ 2M SDE Heun",
      "DPM++ 2S a",
      "DPM++ 3M SDE",
      "Euler a",
      "Euler",
      "LMS",
      "Heun",
      "DPM2",
      "DPM2 a",
      "DPM fast",
      "DDIM",
      "DDIM CFG++",
      "UniPC",
      "LCM");
  /** Web UI's words for whatever the sampler does unasked. */
  private static final List<String> DEFAULTS = List.of("Automatic", "Uniform");

  private static final List<String> WEB_UI_SCHEDULES = List.of(
      "Automatic",
      "Uniform",
      "Karras",
      "Exponential",
      "Polyexponential",
      "SGM Uniform",
      "KL Optimal",
      "Align Your Steps",
      "Simple",
      "Normal",
      "DDIM",
      "Beta");

  @Test
  void plansEverySamplerOfComfyUiOnEveryOneOfItsSchedulers() {
    plansAll(COMFY, COMFY_SCHEDULES);
  }

  @Test
  void plansEverySamplerOfWebUiOnEveryOneOfItsSchedulers() {
    plansAll(WEB_UI, WEB_UI_SCHEDULES);
    for (String name :
        List.of("PLMS", "Restart", "k_euler_a", "k_dpm_2_ka", "k_dpmpp_2m_sde_ka", "k_lms")) {
      assertTrue(SD.with(name).plan(12).size() >= 11, name);
    }
  }

  /**
   * Web UI 1.10 divides the guidance scale of DDIM CFG++ by 12.5 ({@code cond_scale_miltiplier} in
   * its sd_samplers_timesteps_impl.py, {@code ddim_cfgpp}): with a scale of 12.5 w, its step is
   * that of ComfyUI's euler_cfg_pp with the scale w.
   */
  @Test
  void dividesTheGuidanceScaleOfDdimCfgPlusPlus() {
    double expected = end("euler_cfg_pp", 1.5);
    assertEquals(expected, end("DDIM CFG++", 12.5 * 1.5), 1e-9);
    assertTrue(Math.abs(expected - end("DDIM CFG++", 1.5)) > 1e-3);
  }

  /** The last sample of eight steps, at a guidance scale over a network of two constants. */
  private static double end(String name, double scale) {
    NumericSamplingLoop.Network network = new NumericSamplingLoop.Network() {
      @Override
      public double[] predict(double[] x, double timestep) {
        return new double[] {0.3 + scale * 0.05};
      }

      @Override
      public double[] unguided(double[] x, double timestep, double[] guided) {
        return new double[] {0.3};
      }
    };
    SamplingPlan plan = SD.with(name).plan(8);
    double[] first = {2 * plan.initNoiseSigma()};
    return new NumericSamplingLoop(network, () -> new double[1]).sample(first, plan)[0];
  }

  private static void plansAll(List<String> samplers, List<String> sigmaSchedules) {
    List<String> forgotten = new ArrayList<>();
    for (String sampler : samplers) {
      SamplingPlan plain = SD.with(sampler).plan(12);
      assertTrue(plain.size() >= 11, sampler);
      for (String sigmaSchedule : sigmaSchedules) {
        if (!sampler.equalsIgnoreCase("dpm_fast") && !sampler.equals("DPM fast")) { // lays its own
          SamplingPlan plan = SD.with(sampler + " " + sigmaSchedule).plan(12);
          assertTrue(plan.size() >= 10, sampler + " " + sigmaSchedule);
          if (!DEFAULTS.contains(sigmaSchedule)
              && plan.toString().equals(plain.toString())
              && !passes(plan, sigmaSchedule)) {
            forgotten.add(sampler + " " + sigmaSchedule);
          }
        }
      }
    }
    assertEquals(
        List.of(),
        forgotten,
        "names whose ladder changes nothing, nor is what the sampler walks unasked");
  }

  /** Whether the plan comes by every level of the ladder on Stable Diffusion's schedule. */
  private static boolean passes(SamplingPlan plan, String sigmaSchedule) {
    double[] sigmas = SigmaScheduleKind.parse(sigmaSchedule)
        .sigmas(TrainedSigmas.of(NoiseSchedule.stableDiffusion()), 12);
    return Arrays.stream(sigmas)
        .limit(sigmas.length - 1L)
        .allMatch(sigma -> plan.steps().stream()
            .anyMatch(row -> Math.abs(row.level().ratio() - sigma) < 1e-3 * sigma));
  }

  @Test
  void usesTheFlowVariantIfTheNetworkPredictsFlow() {
    for (String name : COMFY) {
      if (List.of(
              "ddpm",
              "dpm_fast",
              "dpmpp_3m_sde",
              "dpmpp_3m_sde_gpu",
              "dpmpp_sde",
              "dpmpp_sde_gpu",
              "sa_solver_pece",
              "dpmpp_2s_ancestral_cfg_pp",
              "res_multistep_ancestral",
              "res_multistep_ancestral_cfg_pp")
          .contains(name)) {
        continue;
      }
      SchedulerConfig config = SD3.with(name);
      SamplingPlan plan = config.plan(12);
      assertEquals(Prediction.FLOW, config.prediction(), name);
      NoiseLevel first = plan.steps().get(0).level();
      assertTrue(
          first.sigma() > 0.99 && Math.abs(first.alpha() + first.sigma() - 1) < 1e-12,
          name + " begins at " + first);
      NoiseLevel sixth = plan.steps().get(6 * plan.size() / 12).level();
      assertTrue(sixth.sigma() > 0.6, name + " forgets the shift: " + sixth);
    }
    assertEquals(
        SD3.plan(12).toString(), SD3.with("euler").plan(12).toString(), "its own sampler by name");
    assertEquals("karras", SD3.with("res_multistep karras").options().text("ladder"));
    assertEquals(
        "EulerDiscreteScheduler",
        SD3.with("EulerDiscreteScheduler").className(),
        "a class is taken at its word");
  }

  @Test
  void usesTheRequestedSigmaScheduleForFlowOrRefusesIt() {
    for (String sampler : Stream.concat(COMFY.stream(), WEB_UI.stream()).toList()) {
      String twin = SamplerName.of(sampler, SchedulerConfig.classNames()).kDiffusionName() + "_RF";
      for (String sigmaSchedule : COMFY_SCHEDULES) {
        String name = sampler + " " + sigmaSchedule;
        if (SchedulerConfig.classNames().contains(twin)) {
          assertSigmas(name, sigmaSchedule, 1e-9);
        } else if (OWN_LEVELS.contains(sampler)
            && List.of("simple", "sgm_uniform").contains(sigmaSchedule)) {
          assertSigmas(
              name,
              sigmaSchedule,
              1e-2); // the classes of diffusers leave out the noisiest level, which moves all
          // others a little
        } else {
          String message = assertThrows(IllegalArgumentException.class, () -> SD3.with(name), name)
              .getMessage();
          assertTrue(
              message.endsWith("has no sigma schedule " + sigmaSchedule
                      + " for networks that predict flow; use one of sgm_uniform, simple")
                  || message.contains("has no variant for networks that predict flow"),
              message);
        }
      }
    }
    assertTrue(assertThrows(IllegalArgumentException.class, () -> SD3.with("euler lu"))
        .getMessage()
        .startsWith(
            "EulerDiscreteScheduler has no sigma schedule lu for networks that predict flow;"
                + " use one of align_your_steps_sd15, "));
  }

  private static void assertSigmas(String name, String sigmaSchedule, double tolerance) {
    double[] sigmas =
        SigmaScheduleKind.parse(sigmaSchedule).sigmas(TrainedSigmas.flow(1000, 3), 12);
    SamplingPlan plan = SD3.with(name).plan(12);
    for (double sigma : Arrays.copyOf(sigmas, sigmas.length - 1)) {
      assertTrue(
          plan.steps().stream().anyMatch(row -> Math.abs(row.level().sigma() - sigma) < tolerance),
          name + " does not pass " + sigma);
    }
  }

  /**
   * The levels of DPM++ 2M are those of {@code DPMSolverMultistepScheduler} in diffusers 0.42.1.
   */
  @Test
  void keepsAShiftThatTheConfigCallsAnotherName() {
    SchedulerConfig flow = SchedulerConfig.of(Map.of(
        "_class_name",
        "DPMSolverMultistepScheduler",
        "use_flow_sigmas",
        true,
        "prediction_type",
        "flow_prediction",
        "flow_shift",
        3.0));
    double[] sigmas = flow.with("DPM++ 2M").plan(4).steps().stream()
        .mapToDouble(row -> row.level().sigma())
        .toArray();
    assertArrayEquals(new double[] {0.999666, 0.89964, 0.749625, 0.499667}, sigmas, 1e-6);
    for (String name : List.of("euler", "heun", "lcm", "res_multistep", "dpm_2 karras", "uni_pc")) {
      assertEquals(SD3.with(name).plan(4).toString(), flow.with(name).plan(4).toString(), name);
    }
  }

  @Test
  void shiftsFlowLevelsAsTheConfigsOwnClassDoes() {
    SchedulerConfig flux = SchedulerConfig.of(Map.of(
        "_class_name",
        "FlowMatchEulerDiscreteScheduler",
        "shift",
        3.0,
        "use_dynamic_shifting",
        true));
    for (String name : List.of("res_multistep", "DPM++ 2M", "uni_pc", "euler karras")) {
      SchedulerConfig config = flux.with(name);
      String message =
          assertThrows(IllegalArgumentException.class, () -> config.plan(2)).getMessage();
      assertEquals(
          config.className()
              + " with use_dynamic_shifting needs mu; set PlanRequest.mu, such as 1.15 for an"
              + " image of 4096 tokens, or generate with an ImageRequest, which sets it",
          message);
    }
    SchedulerConfig linear = flux.with("time_shift_type", "linear").with("res_multistep");
    assertEquals(
        1000 * 1.15 / (1 + 1.15), linear.plan(PlanRequest.of(2).mu(1.15)).timesteps()[1], 1e-9);
    assertEquals(
        SD3.with("lms beta").plan(6).toString(),
        SD3.with("use_beta_sigmas", true).with("lms").plan(6).toString());
    String message = assertThrows(
            IllegalArgumentException.class,
            () -> SD3.with("shift_terminal", 0.1).with("res_multistep"))
        .getMessage();
    assertEquals(
        "sample_res_multistep_RF does not support shift_terminal, got 0.1; set shift_terminal"
            + " to 0, or use a FlowMatch class or UniPC",
        message);
  }

  @Test
  void shiftsFlowLevelsByResolutionIfTheConfigSaysSo() {
    SchedulerConfig flux = SchedulerConfig.of(Map.of(
            "_class_name",
            "FlowMatchEulerDiscreteScheduler",
            "shift",
            3.0,
            "use_dynamic_shifting",
            true))
        .with("res_multistep");
    double[] told = flux.plan(PlanRequest.of(2).mu(1.15)).timesteps();
    double shift = Math.exp(1.15);
    assertEquals(1000 * shift / (1 + shift), told[1], 1e-9);
    assertEquals(
        750,
        flux.with("use_dynamic_shifting", false)
            .plan(PlanRequest.of(2).mu(1.15))
            .timesteps()[1],
        1e-9);
  }

  @Test
  void suggestsASamplerInPlaceOfAClassForOtherNetworks() {
    SchedulerConfig edm =
        SchedulerConfig.of(Map.of("_class_name", "EDMDPMSolverMultistepScheduler"));
    String betas = "trained on betas";
    String flow = "that predict flow";
    String levels = "trained on continuous noise levels";
    refusesToSample(SD3, "EulerDiscreteScheduler", betas, flow, "euler");
    refusesToSample(SD3, "UniPCMultistepScheduler", betas, flow, "unipc");
    refusesToSample(SD3, "DPMSolverMultistepScheduler", betas, flow, "dpmpp2m");
    refusesToSample(SD3, "sample_euler", betas, flow, "sample_euler_RF");
    refusesToSample(
        SD3, "TCDScheduler", betas, flow, "a sampler name that is not a class name, such as euler");
    refusesToSample(SD, "FlowMatchEulerDiscreteScheduler", flow, betas, "euler");
    refusesToSample(SD, "sample_heun_RF", flow, betas, "sample_heun");
    refusesToSample(SD, "EDMEulerScheduler", levels, betas, "euler");
    refusesToSample(edm, "DPMSolverMultistepScheduler", betas, levels, "dpmpp2m");
    assertEquals(
        "FlowMatchLCMScheduler", SD3.withCompatible("FlowMatchLCMScheduler").className());
    assertEquals(SD.with("Euler a").toString(), SD.withCompatible("Euler a").toString());
  }

  private static void refusesToSample(
      SchedulerConfig own, String name, String kind, String ownKind, String request) {
    assertEquals(
        "scheduler " + name + " is for networks " + kind
            + ", but this model needs one for networks " + ownKind + "; use " + request,
        assertThrows(IllegalArgumentException.class, () -> own.withCompatible(name))
            .getMessage());
  }

  /** Playground v2.5's config. */
  @Test
  void usesTheEdmVariantIfTheNetworkIsPreconditioned() {
    SchedulerConfig edm = SchedulerConfig.of(Map.of(
        "_class_name",
        "EDMDPMSolverMultistepScheduler",
        "sigma_data",
        0.5,
        "sigma_max",
        80.0,
        "sigma_min",
        0.002));
    assertEquals(
        edm.withClass("EDMEulerScheduler").plan(8).toString(),
        edm.with("Euler").plan(8).toString());
    assertEquals(edm.plan(8).toString(), edm.with("DPM++ 2M Karras").plan(8).toString());
    assertEquals(
        edm.with("algorithm_type", "sde-dpmsolver++")
            .with("sigma_schedule", "exponential")
            .plan(8)
            .toString(),
        edm.with("Euler").with("dpmpp_2m_sde exponential").plan(8).toString());
    assertEquals(
        edm.with("solver_order", 3).plan(8).toString(),
        edm.with("DPM++ 3M").plan(8).toString());
    assertEquals(
        "EulerDiscreteScheduler",
        edm.with("EulerDiscreteScheduler").className(),
        "a class is taken at its word");
    String names =
        " has no variant for networks with EDM preconditioning; use Euler, DPM++ 2M, DPM++ 3M,"
            + " DPM++ 2M SDE or DPM++ 2M SDE Heun, alone or followed by karras or exponential";
    Map.of(
            "Euler a",
            "EulerAncestralDiscreteScheduler",
            "dpmpp_3m_sde",
            "sample_dpmpp_3m_sde",
            "Euler lu",
            "EulerDiscreteScheduler with sigma schedule lu")
        .forEach((name, told) -> assertEquals(
            told + names,
            assertThrows(IllegalArgumentException.class, () -> edm.with(name)).getMessage()));
  }

  /** FlowMatchHeunDiscreteScheduler knows a shift alone. */
  @Test
  void shiftsHeunsLevelsByResolutionToo() {
    SchedulerConfig flux = SchedulerConfig.of(
        Map.of("_class_name", "FlowMatchEulerDiscreteScheduler", "use_dynamic_shifting", true));
    double shift = Math.exp(1.15);
    double half = 1000 * shift / (1 + shift);
    assertArrayEquals(
        new double[] {1000, half, half},
        flux.with("Heun").plan(PlanRequest.of(2).mu(1.15)).timesteps(),
        1e-9);
    assertEquals("FlowMatchHeunDiscreteScheduler", SD3.with("Heun").className());
  }

  @Test
  void refusesASamplerWithoutAFlowVariant() {
    Map.of("dpmpp_sde", "DPMSolverSDEScheduler", "tcd", "TCDScheduler", "pndm", "PNDMScheduler")
        .forEach((name, className) -> {
          String message =
              assertThrows(IllegalArgumentException.class, () -> SD3.with(name)).getMessage();
          assertTrue(
              message.startsWith(
                  className + " has no variant for networks that predict flow; use one of"
                      + " DEISMultistepScheduler, DPMSolverMultistepInverseScheduler, "),
              message);
          assertTrue(message.endsWith(", sample_seeds_3_RF"), message);
        });
    assertEquals(
        "TCDScheduler", SD3.with("TCDScheduler").className(), "a class is taken at its word");
  }

  /**
   * Options that saved configs of DPM-Solver, DEIS, UniPC and SA-Solver have, whose words other
   * classes do not know.
   */
  @Test
  void samplesEquallyForConfigsOfAnyClass() {
    for (String algorithm : List.of("dpmsolver++", "sde-dpmsolver++", "deis", "data_prediction")) {
      for (String kind : List.of("midpoint", "logrho", "bh2")) {
        SchedulerConfig saved = SchedulerConfig.of(Map.of(
            "_class_name",
            "PNDMScheduler",
            "beta_end",
            0.012,
            "beta_schedule",
            "scaled_linear",
            "beta_start",
            0.00085,
            "skip_prk_steps",
            true,
            "steps_offset",
            1,
            "algorithm_type",
            algorithm,
            "solver_type",
            kind));
        for (String name : Stream.concat(
                SamplerNames.KNOWN.keySet().stream(), Stream.of("sample_dpmpp_2m_sde"))
            .toList()) {
          assertEquals(
              SD.with(name).plan(12).toString(),
              saved.with(name).plan(12).toString(),
              name + " of " + saved);
        }
      }
    }
  }

  @Test
  void distinguishesTheTwoKindsOfUniPc() {
    assertEquals("bh1", SD.with("uni_pc").options().text("solver_type"));
    assertFalse(SD.with("uni_pc")
        .plan(8)
        .toString()
        .equals(SD.with("uni_pc_bh2").plan(8).toString()));
    assertFalse(SD.with("uni_pc normal")
        .plan(8)
        .toString()
        .equals(SD.with("uni_pc_bh2 normal").plan(8).toString()));
  }
}
