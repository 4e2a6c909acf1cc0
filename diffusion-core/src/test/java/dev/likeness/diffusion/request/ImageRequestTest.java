package dev.likeness.diffusion.request;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.golden.TinyControlNets;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.sampling.EngineHooks;
import dev.likeness.diffusion.internal.sampling.SamplingLoop.StepListener;
import dev.likeness.diffusion.internal.sampling.TiledPredictor;
import dev.likeness.diffusion.tensor.Compute;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
class ImageRequestTest {
  private static final ImageRequest REQUEST =
      ImageRequest.of("a cat").steps(2).size(16, 16).scheduler("Euler").seed(4);

  @Test
  void setsOneOptionOfARecordAndKeepsTheOthers() {
    ImageRequest request = REQUEST
        .negative("a dog")
        .syntax(PromptSyntax.A1111)
        .clipSkip(1)
        .eta(0.5)
        .count(3)
        .denoisingRange(0.1, 0.9);
    assertEquals(
        new PromptOptions(
            "a cat",
            Optional.of("a dog"),
            PromptSyntax.A1111,
            1,
            List.of(),
            Optional.empty(),
            Optional.empty(),
            PromptOptions.EncoderPrompts.NONE,
            OptionalInt.empty()),
        request.prompts());
    assertEquals(
        new SamplingOptions(
            OptionalInt.of(2),
            List.of(),
            List.of(),
            Optional.of("Euler"),
            Optional.empty(),
            Map.of(),
            OptionalDouble.of(0.5),
            0.1,
            0.9,
            4,
            3,
            Optional.empty()),
        request.sampling());
    assertEquals(SizeOptions.DEFAULT.width(16).height(16), request.sizeOptions());
    assertEquals(REQUEST, REQUEST.prompts(PromptOptions.of("a cat")), "nothing else was set");
  }

  @Test
  void keepsTheScaleIfOptionsHaveNone() {
    GuidanceOptions interval = GuidanceOptions.DEFAULT.between(0, 0.5);
    assertEquals(OptionalDouble.of(3), REQUEST.guidance(3).guidance(interval).guidance());
    assertEquals(
        OptionalDouble.of(5), REQUEST.guidance(3).guidance(interval.scale(5)).guidance());
    assertEquals(interval.scale(3), REQUEST.guidance(interval).guidance(3).guidanceOptions());
  }

  @Test
  void namesTheOptionThatARecordRefuses() {
    assertEquals(
        "steps must be 1 to 10000, and count must be 1 to 100000, got steps 0 and count 1",
        assertThrows(IllegalArgumentException.class, () -> REQUEST.steps(0)).getMessage());
    assertEquals(
        "width and height must be at least 1, got width -8",
        assertThrows(IllegalArgumentException.class, () -> REQUEST.size(-8, 8)).getMessage());
    assertEquals(
        "the stride must be in 1..8 for windows of 8 latent pixels, got 9",
        assertThrows(IllegalArgumentException.class, () -> TilingOptions.NONE.windows(8, 9))
            .getMessage());
  }

  /**
   * Networks compute in f32 at most; libtorch would refuse such a factor in the midst of a step.
   */
  @Test
  void refusesNumbersThatF32CannotHold() {
    for (double huge : new double[] {1e39, -1e308, Double.POSITIVE_INFINITY}) {
      for (Executable given : List.<Executable>of(
          () -> REQUEST.guidance(huge),
          () -> REQUEST.guidance(GuidanceOptions.DEFAULT.trueCfgScale(huge)),
          () -> REQUEST.sigmas(Math.abs(huge), 0),
          () ->
              new DegradedGuidance(DegradedGuidance.Kind.SKIP_LAYERS, List.of("1"), huge, 0, 0, 1),
          () -> new GuidanceOptions.FreeU(1, 1, 1, Math.abs(huge)))) {
        assertThrows(IllegalArgumentException.class, given);
      }
    }
    assertThrows(IllegalArgumentException.class, () -> REQUEST.count(100_001));
    assertEquals(
        "the guidance scale must be a number from -3.4e38 to 3.4e38, got 1.0E39",
        assertThrows(IllegalArgumentException.class, () -> REQUEST.guidance(1e39))
            .getMessage());
  }

  @Test
  void givesEachStepToTheHookOfARequest(@TempDir Path folder) {
    List<GenerationHooks.SampledStep> steps = new ArrayList<>();
    try (BaseModel base = open(folder)) {
      List<GeneratedImage> images = base.generateAll(
          List.of(REQUEST.count(2).hooks(GenerationHooks.NONE.onStep(steps::add))));
      assertEquals(
          List.of(0, 1), steps.stream().map(GenerationHooks.SampledStep::index).toList());
      assertEquals(
          images.stream().map(GeneratedImage::latents).toList(), steps.get(1).latents());
      assertEquals(2, steps.get(0).denoised().size());
      assertTrue(steps.get(0).timestep() > steps.get(1).timestep());
    }
  }

  /** Windows as an option lie where a hook around the network would put them. */
  @Test
  void samplesInWindows(@TempDir Path folder) {
    try (BaseModel base = open(folder)) {
      ImageRequest request = REQUEST.size(32, 32);
      GenerationHooks hook =
          EngineHooks.hooks(network -> TiledPredictor.of(network, 8, 6), StepListener.NONE);
      assertArrayEquals(
          base.generate(request.hooks(hook)).pixels(),
          base.generate(request.tiling(TilingOptions.NONE.windows(8, 6))).pixels());
    }
  }

  @Test
  void refusesWindowsIfTheNetworkNeedsWholeImages(@TempDir Path folder) {
    try (BaseModel base = BaseModel.open(PipelineFolder.any("flux/dev", folder), Compute.EXACT)) {
      ImageRequest request = REQUEST.tiling(TilingOptions.NONE.windows(8, 6));
      assertEquals(
          "this base does not support tiled sampling, because its network needs the whole image;"
              + " leave out the windows",
          assertThrows(IllegalArgumentException.class, () -> base.generate(request))
              .getMessage());
    }
  }

  @Test
  void refusesControlImagesInWindowsOfAPart(@TempDir Path folder) {
    try (BaseModel base = open(folder);
        ControlNet net =
            BaseModel.openControlNet(TinyControlNets.write("edges", folder), Compute.EXACT)) {
      ImageRequest request = REQUEST
          .size(32, 32)
          .controlImage(ControlImage.of(net, TinyControlNets.slope(32, 32, false)));
      assertArrayEquals(
          base.generate(request).pixels(),
          base.generate(request.tiling(TilingOptions.NONE.windows(32, 32))).pixels());
      assertEquals(
          "tiled sampling cannot be combined with ControlNets, because a control image shows the"
              + " whole image; turn tiled sampling off, or leave out the ControlNets",
          assertThrows(
                  IllegalArgumentException.class,
                  () -> base.generate(request.tiling(TilingOptions.NONE.windows(8, 6))))
              .getMessage());
    }
  }

  private static BaseModel open(Path folder) {
    return BaseModel.open(
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, folder).path(), Compute.EXACT);
  }
}
