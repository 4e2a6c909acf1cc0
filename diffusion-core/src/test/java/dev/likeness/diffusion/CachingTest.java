package dev.likeness.diffusion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.family.stablediffusion.DeepCache;
import dev.likeness.diffusion.internal.family.stablediffusion.StableDiffusionNetworks;
import dev.likeness.diffusion.internal.family.stablediffusion.UNet2DConditionModel;
import dev.likeness.diffusion.internal.family.stablediffusion.UNetConditioning;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.sampling.EngineHooks;
import dev.likeness.diffusion.internal.sampling.ExtrapolatedPredictor;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.CachingOptions;
import dev.likeness.diffusion.request.GenerationHooks;
import dev.likeness.diffusion.request.GuidanceOptions;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.InitialImage;
import dev.likeness.diffusion.request.TilingOptions;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.SamplingPlan;
import dev.likeness.schedulers.SchedulerConfig;
import dev.likeness.schedulers.Step;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.InferenceMode;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(NoTensorLeaks.class)
class CachingTest {
  private static final ImageRequest REQUEST = ImageRequest.of("a cat")
      .negative("a dog")
      .steps(12)
      .size(32, 24)
      .seed(4)
      .guidance(4)
      .count(2)
      .scheduler("Euler");

  @TempDir
  private Path scratch;

  @Test
  void isExactIfEveryRowIsComputed() {
    try (BaseModel base = base()) {
      float[] exact = pixels(base, REQUEST);
      assertArrayEquals(exact, pixels(base, REQUEST.caching(CachingOptions.deepCache(1, 0))));
      assertArrayEquals(exact, pixels(base, REQUEST.caching(CachingOptions.deepForecast(1, 0))));
      assertArrayEquals(exact, pixels(base, REQUEST.caching(CachingOptions.extrapolation(1))));
    }
  }

  @Test
  void isCloserTheMoreIsComputed() {
    try (BaseModel base = base()) {
      float[] exact = pixels(base, REQUEST);
      double deep = distance(exact, pixels(base, REQUEST.caching(CachingOptions.deepCache(2, 0))));
      double deeper =
          distance(exact, pixels(base, REQUEST.caching(CachingOptions.deepCache(6, 0))));
      assertTrue(
          deep > 0 && deep < deeper, deep + " at every second row, " + deeper + " at every sixth");
      double forecast =
          distance(exact, pixels(base, REQUEST.caching(CachingOptions.deepForecast(2, 0))));
      double further =
          distance(exact, pixels(base, REQUEST.caching(CachingOptions.deepForecast(6, 0))));
      assertTrue(
          forecast > 0 && forecast < further,
          forecast + " at every second row, " + further + " at every sixth");
      double line = distance(exact, pixels(base, REQUEST.caching(CachingOptions.extrapolation(2))));
      double longer =
          distance(exact, pixels(base, REQUEST.caching(CachingOptions.extrapolation(6))));
      assertTrue(
          line > 0 && line < longer, line + " at every second row, " + longer + " at every sixth");
    }
  }

  /** With the same input the deep layers would say the same again. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void computesTheShallowLayersAsTheWholeNetworkDoes(int layers) {
    try (BaseModel base = base();
        TensorScope scope = TensorScope.open();
        InferenceMode mode = new InferenceMode(true)) {
      UNet2DConditionModel unet =
          EngineAccess.model(base).networks(StableDiffusionNetworks.class).unet(Adaptation.NONE);
      DeepCache deep = new DeepCache(2, layers, false);
      Tensor x = torch.randn(1, unet.config().inChannels(), 8, 8);
      Tensor time = torch.tensor(new float[] {300});
      UNetConditioning text =
          UNetConditioning.text(torch.randn(1, 7, unet.config().levels().get(0).contextWidth()));
      float[] whole = ImageTensors.floats(unet.forward(x, time, text, null, deep));
      assertArrayEquals(whole, ImageTensors.floats(unet.forward(x, time, text, null, deep)));
      assertArrayEquals(whole, ImageTensors.floats(unet.forward(x, time, text)));
    }
  }

  @Test
  void evaluatesTheNetworkEverLessOften() {
    assertEquals(List.of(0, 1, 2, 4, 7, 10, 13, 16, 19), evaluatedRows(Map.of(), 3, 20));
    assertEquals(List.of(0, 1, 2, 4, 6, 8, 10), evaluatedRows(Map.of(), 2, 12));
  }

  /** The last third of Karras' rows go through a tenth of the time. */
  @Test
  void evaluatesLessOftenWhereTimestepsAreClose() {
    assertEquals(
        List.of(0, 1, 2, 4, 7, 11, 15, 19, 23),
        evaluatedRows(Map.of("use_karras_sigmas", true), 4, 30));
  }

  private static List<Integer> evaluatedRows(Map<String, Object> options, int every, int steps) {
    Map<String, Object> config = new HashMap<>(options);
    config.put("_class_name", "DPMSolverMultistepScheduler");
    config.putAll(
        Map.of("beta_start", 8.5e-4, "beta_end", 0.012, "beta_schedule", "scaled_linear"));
    List<Integer> asked = new ArrayList<>();
    try (TensorScope scope = TensorScope.open()) {
      SamplingPlan plan = SchedulerConfig.of(config).plan(PlanRequest.of(steps));
      ExtrapolatedPredictor line = new ExtrapolatedPredictor(
          (input, step) -> {
            asked.add(step.index());
            return torch.full(new long[] {1}, new Scalar(3 + 0.5 * step.timestep()));
          },
          every,
          plan);
      for (Step step : plan) {
        double said = line.predict(torch.zeros(1), step).item_double();
        assertEquals(
            3 + 0.5 * step.timestep(),
            said,
            1e-3,
            "a network that is linear in time is followed exactly");
      }
    }
    return asked;
  }

  /** Its rows want the unguided answer too, the last one not. */
  @Test
  void extrapolatesTheUnguidedPredictionToo() {
    try (BaseModel base = base()) {
      ImageRequest request = REQUEST.scheduler("dpmpp_2m_cfg_pp");
      double near = distance(
          pixels(base, request), pixels(base, request.caching(CachingOptions.extrapolation(2))));
      double far = distance(
          pixels(base, request), pixels(base, request.caching(CachingOptions.extrapolation(6))));
      assertTrue(near > 0 && near < far, near + " at every second row, " + far + " at every sixth");
    }
  }

  @Test
  void evaluatesAllLayersAfterRowsOfAnotherNetwork() {
    try (BaseModel base = base()) {
      ImageRequest request = REQUEST.count(1).caching(CachingOptions.deepCache(12, 0));
      GeneratedImage begun = base.generate(
          request.guidance(GuidanceOptions.DEFAULT.between(1 / 3.0, 1)).denoisingRange(0, 0.75));
      ImageRequest after = request
          .guidance(1)
          .initialImage(InitialImage.of(begun.latents()))
          .denoisingRange(0.75, 1);
      assertArrayEquals(
          base.generate(after).pixels(),
          base.generate(request.guidance(GuidanceOptions.DEFAULT.between(0.25, 0.75)))
              .pixels());
    }
  }

  @Test
  void refusesLayersThatAUNetDoesNotHave() {
    try (BaseModel base = base()) {
      assertEquals(
          "DeepCache layers must be in 0..1 for this UNet, got 9",
          assertThrows(
                  IllegalArgumentException.class,
                  () -> base.generateAll(REQUEST.caching(CachingOptions.deepCache(2, 9))))
              .getMessage());
    }
  }

  @Test
  void mergesTokensBesideAnyKind() {
    try (BaseModel base = base()) {
      float[] exact = pixels(base, REQUEST);
      float[] tenth = pixels(base, REQUEST.caching(CachingOptions.NONE.tokenMerging(0.1)));
      double half =
          distance(exact, pixels(base, REQUEST.caching(CachingOptions.NONE.tokenMerging(0.5))));
      assertTrue(
          distance(exact, tenth) > 0 && distance(exact, tenth) < half, "merging more costs more");
      CachingOptions deep = CachingOptions.deepCache(2, 0);
      float[] cached = pixels(base, REQUEST.caching(deep));
      assertArrayEquals(cached, pixels(base, REQUEST.caching(deep.tokenMerging(0))));
      assertTrue(distance(cached, pixels(base, REQUEST.caching(deep.tokenMerging(0.5)))) > 0);
      assertEquals(
          "the share of merged tokens must be in 0..0.75, got 0.8",
          assertThrows(IllegalArgumentException.class, () -> deep.tokenMerging(0.8))
              .getMessage());
      assertRefused(
          base,
          CachingOptions.firstBlock(0.1),
          "the first-block cache needs a transformer with double-stream blocks; use extrapolation for this base");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"flux/dev", "sd3/three", "klein/base"})
  void evaluatesOnlyTheFirstBlockTheMoreTheLargerTheThreshold(String name) {
    try (BaseModel base =
        BaseModel.open(PipelineFolder.write(name, scratch).path(), Compute.EXACT)) {
      ImageRequest request = ImageRequest.of("a cat").steps(8).size(32, 32).count(2);
      GenerationHooks alone =
          EngineHooks.ofListener((step, of, x, denoised) -> assertEquals(1, x.size(0)));
      float[] exact = pixels(base, request);
      assertArrayEquals(exact, pixels(base, request.caching(CachingOptions.firstBlock(0))), 1e-5f);
      double near = distance(
          exact, pixels(base, request.caching(CachingOptions.firstBlock(0.2)).hooks(alone)));
      double far = distance(exact, pixels(base, request.caching(CachingOptions.firstBlock(100))));
      assertTrue(
          near <= far && far > 0,
          near + " up to a change of a fifth, " + far + " whatever changes");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"flux/dev", "sd3/three", "klein/base", "zimage/turbo"})
  void refusesCachingThatNeedsAUNet(String name) {
    try (BaseModel base =
        BaseModel.open(PipelineFolder.write(name, scratch).path(), Compute.EXACT)) {
      assertRefused(
          base,
          CachingOptions.deepCache(2, 0),
          "DeepCache needs a UNet; use extrapolation for this base");
      assertRefused(
          base,
          CachingOptions.NONE.tokenMerging(0.5),
          "token merging needs a UNet; use extrapolation for this base");
    }
  }

  @Test
  void refusesWindowsBesideCachingAndMomentum() {
    try (BaseModel base = base()) {
      ImageRequest request = REQUEST.steps(2).tiling(TilingOptions.NONE.windows(8, 6));
      base.generateAll(momentum(request.caching(CachingOptions.NONE.tokenMerging(0.5)), 0));
      for (ImageRequest refused :
          List.of(request.caching(CachingOptions.extrapolation(2)), momentum(request, -0.5))) {
        assertTrue(assertThrows(IllegalArgumentException.class, () -> base.generateAll(refused))
            .getMessage()
            .startsWith("tiled sampling cannot be combined with guidance with momentum, or"));
      }
    }
  }

  private static ImageRequest momentum(ImageRequest request, double momentum) {
    return request.guidance(
        GuidanceOptions.DEFAULT.adaptiveProjectedGuidance(0, momentum, 2).cfgNormalization(1));
  }

  private static void assertRefused(BaseModel base, CachingOptions approximation, String words) {
    ImageRequest request = ImageRequest.of("a cat").size(32, 32).caching(approximation);
    assertEquals(
        words,
        assertThrows(IllegalArgumentException.class, () -> base.generate(request))
            .getMessage());
  }

  private BaseModel base() {
    return BaseModel.open(
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, scratch).path(), Compute.EXACT);
  }

  private static float[] pixels(BaseModel base, ImageRequest request) {
    return base.generateAll(List.of(request)).get(1).pixels();
  }

  private static double distance(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (a[i] - b[i]) * (a[i] - b[i]);
    }
    return Math.sqrt(sum / a.length);
  }
}
