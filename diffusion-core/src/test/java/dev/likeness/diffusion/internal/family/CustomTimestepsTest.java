package dev.likeness.diffusion.internal.family;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.sampling.EngineHooks;
import dev.likeness.diffusion.request.HiresFix;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.SamplingOptions;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.schedulers.CustomScheduler;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.Scheduler;
import dev.likeness.schedulers.SchedulerConfig;
import dev.likeness.schedulers.solvers.Solvers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs whose timesteps or noise levels the caller gives, cut as diffusers' pipelines cut them. */
@ExtendWith(NoTensorLeaks.class)
class CustomTimestepsTest {
  private static final double[] DISTILLED = {999, 749, 499, 249};
  private static final ImageRequest REQUEST =
      ImageRequest.of("a cat").seed(4).guidance(1).size(16, 16);

  @Test
  void samplesAtTimestepsThatTheCallerGives(@TempDir Path folder) {
    ImageRequest request = REQUEST.scheduler("LCM").timesteps(DISTILLED);
    RgbImage image = RgbImage.of(16, 16, new byte[3 * 16 * 16]);
    try (BaseModel base = BaseModel.open(
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, folder).path(), Compute.EXACT)) {
      assertEquals(List.of(999.0, 749.0, 499.0, 249.0), timesteps(base, request));
      assertEquals(List.of(499.0, 249.0), timesteps(base, request.initialImage(image, 0.5)));
      assertEquals(List.of(999.0, 749.0), timesteps(base, request.denoisingRange(0, 0.5)));
      assertEquals(
          List.of(999.0, 749.0, 499.0, 249.0, 499.0, 249.0),
          timesteps(base, request.hires(HiresFix.latents(1.5, 0.5))));
      assertEquals(
          List.of(999.0, 499.0),
          timesteps(base, request.steps(2)),
          "a number that is given later counts");
      assertEquals(4, base.generate(request).request().steps().getAsInt());
      assertRefused(
          "PNDM computes its own timesteps; leave timesteps out",
          () -> base.validate(REQUEST.timesteps(DISTILLED)));
      assertRefused(
          "timesteps must descend within 0..999, got 1000.0 as the first",
          () -> base.validate(REQUEST.scheduler("DPM++ 2M").timesteps(1000, 500)));
    }
  }

  @Test
  void aLatentConsistencyModelDoesFewSteps(@TempDir Path folder) {
    try (BaseModel base = BaseModel.open(
        GoldenFolder.write("base-told", GoldenFolder.KeyFormat.CURRENT, folder).path(),
        Compute.EXACT)) {
      assertEquals("4 8.5", base.defaults().steps() + " " + base.defaults().guidance());
      ImageRequest over = REQUEST.initialImage(RgbImage.of(16, 16, new byte[3 * 16 * 16]), 0.6);
      assertRefused(
          "strength 0.6 leaves only 30 of the 50 distilled steps, but the requested number of"
              + " steps is 31; use fewer steps or a larger strength",
          () -> base.validate(over.steps(31)));
    }
  }

  @Test
  void samplesOverSigmasThatTheCallerGives(@TempDir Path folder) {
    double[] levels = {14.615, 3.864, 0.964, 0};
    try (BaseModel base = BaseModel.open(
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, folder).path(), Compute.EXACT)) {
      ImageRequest request = REQUEST.scheduler("Euler").sigmas(levels);
      assertEquals(
          timesteps(
              base.scheduler().with("Euler").plan(PlanRequest.ofSigmas(levels)).timesteps()),
          timesteps(base, request));
      CustomScheduler typed =
          CustomScheduler.stableDiffusion(base.scheduler().prediction()).withSolver(Solvers.EULER);
      assertEquals(
          timesteps(base, request),
          timesteps(base, request, typed),
          "a scheduler of the caller's own walks them too");
      assertRefused(
          "DPMSolverMultistepScheduler computes its own sigmas; leave sigmas out",
          () -> base.validate(request.scheduler("DPM++ 2M")));
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {710, -1e4, Double.POSITIVE_INFINITY, Double.NaN})
  void refusesAShiftThatIsNoNumber(double mu) {
    SchedulerConfig scheduler = SchedulerConfig.of(
        Map.of("_class_name", "FlowMatchEulerDiscreteScheduler", "use_dynamic_shifting", true));
    PlanRequest plain = PlanRequest.of(4);
    assertEquals(709, FlowPlan.withShift(plain, scheduler, scheduler, 709).mu().getAsDouble());
    String message = assertThrows(
            InvalidInputException.class, () -> FlowPlan.withShift(plain, scheduler, scheduler, mu))
        .getMessage();
    assertTrue(message.contains("of the scheduler give a shift of " + Math.exp(mu)), message);
  }

  /**
   * On levels that move with the image's size, as diffusers' pipelines move those that they are
   * given.
   */
  @Test
  void samplesFlowModelsOverThemToo(@TempDir Path folder) {
    try (BaseModel base = BaseModel.open(PipelineFolder.any("flux/dev", folder), Compute.EXACT)) {
      ImageRequest request = REQUEST.sigmas(1, 0.5, 0.25);
      double shift = Math.exp(
          FlowPlan.mu(base.scheduler(), 16, 1.15)); // the tiny autoencoder makes 4 x 4 tokens
      List<Double> told = timesteps(base, request);
      assertEquals(1000 * shift / (shift + 1), told.get(1), 1e-2);
      assertEquals(1000 * shift / (shift + 3), told.get(2), 1e-2);
      assertEquals(
          told.subList(1, 3),
          timesteps(base, request.initialImage(RgbImage.of(16, 16, new byte[3 * 16 * 16]), 0.5)));
    }
  }

  @Test
  void refusesSigmasThatDoNotFallAndSharesOutOfRange() {
    assertRefused(
        "timesteps must be finite floats, at least 0 and descending, got 300.0 after 200.0",
        () -> REQUEST.timesteps(200, 300));
    assertRefused(
        "sigmas must be finite floats, at least 0 and descending, got Infinity as the first",
        () -> REQUEST.sigmas(Double.POSITIVE_INFINITY, 0));
    assertRefused(
        "sigmas must be finite floats, at least 0 and descending, got NaN after 1.0",
        () -> REQUEST.sigmas(1, Double.NaN));
    assertRefused("eta must be in 0..1, got -1.0", () -> REQUEST.eta(-1));
    assertRefused(
        "eta must be in 0..1, got 2.0", () -> REQUEST.scheduler("DDIM").eta(2));
    assertRefused(
        "the denoising range must be within 0..1 and not end before it starts, got 0.8 to 0.2",
        () -> REQUEST.denoisingRange(0.8, 0.2));
    assertRefused(
        "the denoising range must be within 0..1 and not end before it starts, got 0.0 to 1.5",
        () -> REQUEST.denoisingRange(0, 1.5));
    assertRefused(
        "no timesteps given; give at least one, or a number of steps", () -> REQUEST.timesteps());
    assertRefused(
        "both timesteps and sigmas were given; give one of them",
        () -> options(OptionalInt.of(1), List.of(999.0), List.of(1.0)));
    assertRefused(
        "steps is 3, but timesteps or sigmas have length 2; leave out steps, or give one"
            + " value for each step",
        () -> options(OptionalInt.of(3), List.of(999.0, 1.0), List.of()));
    assertEquals(
        OptionalInt.of(2),
        options(OptionalInt.empty(), List.of(), List.of(3.0, 0.0)).steps(),
        "the number of sigmas");
    assertEquals(
        REQUEST.sigmas(1, 0),
        REQUEST.timesteps(DISTILLED).sigmas(1, 0),
        "what is given later counts");
  }

  private static SamplingOptions options(
      OptionalInt steps, List<Double> timesteps, List<Double> sigmas) {
    return new SamplingOptions(
        steps,
        timesteps,
        sigmas,
        Optional.empty(),
        Optional.empty(),
        Map.of(),
        OptionalDouble.of(1),
        0,
        1,
        0,
        1,
        Optional.empty());
  }

  private static List<Double> timesteps(BaseModel base, ImageRequest request) {
    List<Double> times = new ArrayList<>();
    base.generate(request.hooks(
        EngineHooks.ofListener((step, of, x, denoised) -> times.add(step.timestep()))));
    return times;
  }

  private static List<Double> timesteps(BaseModel base, ImageRequest request, Scheduler by) {
    return timesteps(base, request.customScheduler(by));
  }

  private static List<Double> timesteps(double[] times) {
    return Arrays.stream(times).boxed().toList();
  }

  private static void assertRefused(String words, Executable asking) {
    assertEquals(words, assertThrows(IllegalArgumentException.class, asking).getMessage());
  }
}
