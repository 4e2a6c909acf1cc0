package dev.likeness.diffusion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.golden.TinyControlNets;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.model.FamilyRegistry;
import dev.likeness.diffusion.internal.model.ModelOpener;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.pipeline.BaseDefaults;
import dev.likeness.diffusion.internal.pipeline.RequestDefaults;
import dev.likeness.diffusion.internal.sampling.EngineHooks;
import dev.likeness.diffusion.internal.sampling.SamplingLoop.StepListener;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.request.ControlImage;
import dev.likeness.diffusion.request.ControlNet;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.InitialImage;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.schedulers.CustomScheduler;
import dev.likeness.schedulers.Scheduler;
import dev.likeness.schedulers.SchedulerConfig;
import dev.likeness.schedulers.SigmaScheduleKind;
import dev.likeness.schedulers.solvers.Solvers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(NoTensorLeaks.class)
class GenerationSettingsTest {
  private static final Map<String, Object> CONFIG = Map.of(
      "_class_name", "TCDScheduler", "_num_inference_steps", 4, "_guidance_scale", 2, "_eta", 0.4);

  @Test
  void xlInpaintingIsGuidedAsItsPipeline(@TempDir Path folder) {
    assertEquals(
        List.of(5.0, 7.5),
        Stream.of("xl-base", "xl-inpainting")
            .map(name -> {
              try (BaseModel base = BaseModel.open(
                  GoldenFolder.write(name, GoldenFolder.KeyFormat.CURRENT, folder)
                      .path(),
                  Compute.EXACT)) {
                return base.defaults().guidance();
              }
            })
            .toList());
  }

  @Test
  void aRequestHasTheDefaultsOfItsPipeline(@TempDir Path folder) {
    RgbImage image = RgbImage.of(32, 32, new byte[3 * 32 * 32]);
    ImageRequest plain = ImageRequest.of("a person");
    ImageRequest over = plain.initialImage(InitialImage.of(image));
    ImageRequest inside = plain.initialImage(InitialImage.of(image).mask(image));
    try (BaseModel xl = BaseModel.open(PipelineFolder.any("sdxl/xl-base", folder), Compute.EXACT);
        BaseModel sd3 = BaseModel.open(PipelineFolder.any("sd3/medium", folder), Compute.EXACT);
        BaseModel flux = BaseModel.open(PipelineFolder.any("flux/dev", folder), Compute.EXACT);
        BaseModel klein = BaseModel.open(PipelineFolder.any("klein/base", folder), Compute.EXACT);
        ControlNet xlNet =
            BaseModel.openControlNet(TinyControlNets.write("xl", folder), Compute.EXACT);
        ControlNet fluxNet =
            BaseModel.openControlNet(TinyControlNets.write("flux", folder), Compute.EXACT)) {
      ControlImage held = ControlImage.of(xlNet, image);
      assertEquals(
          List.of(5.0, 5.0, 7.5, 5.0, 5.0),
          guidance(xl, plain, over, inside, plain.controlImage(held), inside.controlImage(held)));
      assertEquals(0.3, xl.defaults(over).strength());
      assertEquals(0.8, xl.defaults(over.controlImage(held)).strength());
      assertEquals(
          List.of(3.5, 7.0, 7.0, 7.0, 3.5),
          guidance(
              flux,
              plain,
              over,
              inside,
              plain.controlImage(ControlImage.of(fluxNet, image)),
              over.denoisingRange(0.5, 1)));
      assertEquals(List.of(4.0, 4.0, 8.0), guidance(klein, plain, over, inside));
      assertEquals(
          List.of(28, 50, 50),
          Stream.of(plain, over, inside)
              .map(request -> sd3.defaults(request).steps())
              .toList());
      assertEquals(7.5, xl.generate(inside.steps(2)).request().guidance().getAsDouble());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "sd3/medium, 52x20, 52x20",
    "flux/dev, 404x160, 404x160",
    "flux/fill, 2000x800, 256x256"
  })
  void largeImagesAreScaledToTheModelsPixels(
      String variant, String large, String masked, @TempDir Path folder) {
    OpenModel model =
        FamilyRegistry.open(ModelOpener.open(PipelineFolder.any(variant, folder)), Compute.EXACT);
    RgbImage image = RgbImage.of(2000, 800, new byte[3 * 2000 * 800]);
    assertEquals(large, size(model, InitialImage.of(image)));
    assertEquals(masked, size(model, InitialImage.of(image).mask(image)));
    model.close();
  }

  private static String size(OpenModel model, InitialImage initial) {
    ImageRequest drawn = new RequestDefaults(model, new BaseDefaults(model, Optional.empty()))
        .complete(ImageRequest.of("a hat").initialImage(initial));
    return drawn.width().getAsInt() + "x" + drawn.height().getAsInt();
  }

  private static List<Double> guidance(BaseModel base, ImageRequest... asked) {
    return Stream.of(asked).map(request -> base.defaults(request).guidance()).toList();
  }

  @Test
  void aModelIsSampledAsItsSchedulerConfigSays(@TempDir Path folder) {
    GoldenFolder files = GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, folder);
    files.schedule(CONFIG);
    ImageRequest request = ImageRequest.of("a person").size(48, 32).seed(3);
    try (BaseModel base = BaseModel.open(files.path(), Compute.EXACT)) {
      assertEquals(4, base.defaults().steps());
      assertEquals(
          List.of(0.4, 0.7, 0.0, 1.0),
          Stream.of(
                  request,
                  request.eta(0.7),
                  request.scheduler("tcd"),
                  request.scheduler("dpmpp_2s_ancestral"))
              .map(each -> base.eta(each).getAsDouble())
              .toList());
      float[] usual = base.generate(request).pixels();
      assertArrayEquals(base.generate(request.steps(4).guidance(2).eta(0.4)).pixels(), usual);
      assertFalse(Arrays.equals(base.generate(request.eta(0)).pixels(), usual), "it adds noise");
      assertArrayEquals(
          base.generate(request.scheduler("tcd").eta(0)).pixels(),
          base.generate(request.scheduler("tcd")).pixels(),
          "what is the model's own scheduler's is nobody else's");
    }
  }

  @Test
  void aCustomSchedulerAddsAsMuchNoiseAsByItsName(@TempDir Path folder) {
    ImageRequest request = ImageRequest.of("a person").size(48, 32).seed(3).steps(3);
    try (BaseModel base = BaseModel.open(
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, folder).path(), Compute.EXACT)) {
      SchedulerConfig ancestral = base.scheduler().with("dpmpp_2s_ancestral");
      float[] brought = base.generate(request.customScheduler(ancestral)).pixels();
      assertArrayEquals(base.generate(request.scheduler("dpmpp_2s_ancestral")).pixels(), brought);
      assertFalse(
          Arrays.equals(
              base.generate(request.customScheduler(ancestral.with("eta", 0.5))).pixels(), brought),
          "its options count");
      assertFalse(
          Arrays.equals(base.generate(request.customScheduler(ancestral).eta(0)).pixels(), brought),
          "unless the request says");
    }
  }

  @Test
  void onFlowNetworksACustomSchedulerSamplesAsByItsName(@TempDir Path folder) {
    ImageRequest request = ImageRequest.of("a person").size(32, 32).seed(3).steps(3);
    try (BaseModel base = BaseModel.open(PipelineFolder.any("flux/dev", folder), Compute.EXACT)) {
      float[] named = base.generate(request.scheduler("dpmpp_2m")).pixels();
      ImageRequest brought = request.customScheduler(base.scheduler().with("dpmpp_2m"));
      assertArrayEquals(named, base.generate(brought).pixels());
      assertFalse(
          Arrays.equals(named, base.generate(brought.scheduler("euler")).pixels()),
          "a name that is given later counts");
    }
  }

  @Test
  void aClassForNetworksOfAnotherKindIsRefusedByName(@TempDir Path folder) {
    ImageRequest request = ImageRequest.of("a person").size(32, 32).steps(3);
    try (BaseModel base = BaseModel.open(
            GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, folder).path(),
            Compute.EXACT);
        BaseModel flux = BaseModel.open(PipelineFolder.any("flux/dev", folder), Compute.EXACT)) {
      assertEquals(
          "scheduler FlowMatchEulerDiscreteScheduler is for networks that predict flow, but this model"
              + " needs one for networks trained on betas; use euler",
          refusal(base, request.scheduler("FlowMatchEulerDiscreteScheduler")));
      assertEquals(
          "scheduler EulerDiscreteScheduler is for networks trained on betas, but this model needs one"
              + " for networks that predict flow; use euler",
          refusal(flux, request.scheduler("EulerDiscreteScheduler")));
      flux.validate(request.scheduler("euler"));
      flux.validate(request.scheduler("FlowMatchLCMScheduler"));
      base.validate(
          request.customScheduler(base.scheduler().withClass("FlowMatchEulerDiscreteScheduler")));
    }
  }

  private static String refusal(BaseModel base, ImageRequest request) {
    return assertThrows(IllegalArgumentException.class, () -> base.validate(request))
        .getMessage();
  }

  @ParameterizedTest
  @ValueSource(strings = {"flux/dev", "zimage/turbo", "klein/base"})
  void onFlowNetworksSchedulersOfOwnLevelsSampleToTheEnd(String variant, @TempDir Path folder) {
    CustomScheduler typed = CustomScheduler.flow(3)
        .withSigmaSchedule(SigmaScheduleKind.SIMPLE)
        .withSolver(Solvers.EULER);
    try (BaseModel base = BaseModel.open(PipelineFolder.any(variant, folder), Compute.EXACT)) {
      for (int steps : new int[] {1, 3}) {
        List<Double> levels = sampledToTheEnd(base, typed, steps);
        assertEquals(
            typed.plan(steps).steps().stream().map(step -> step.level().sigma()).toList(),
            levels,
            variant);
        sampledToTheEnd(base, base.scheduler().withClass("LTXEulerAncestralRFScheduler"), steps);
      }
    }
  }

  /**
   * The levels of a run in so many steps, whose last sample is what the network took for the image.
   */
  private static List<Double> sampledToTheEnd(BaseModel base, Scheduler by, int steps) {
    List<Double> levels = new ArrayList<>();
    StepListener last = (step, of, x, denoised) -> {
      levels.add(step.level().sigma());
      if (step.index() == of - 1) {
        assertArrayEquals(
            ImageTensors.floats(denoised),
            ImageTensors.floats(x),
            1e-4f,
            "the last step leaves no noise");
      }
    };
    base.generate(ImageRequest.of("a person")
        .size(32, 32)
        .steps(steps)
        .customScheduler(by)
        .hooks(EngineHooks.ofListener(last)));
    assertEquals(steps, levels.size());
    return levels;
  }
}
