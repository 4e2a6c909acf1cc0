package dev.likeness.diffusion.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.sampling.EngineHooks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.GuidanceOptions;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.Latents;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Families with a transformer, from a folder to images. */
@ExtendWith(NoTensorLeaks.class)
class TransformerPipelineTest {
  private static final double IMAGES = 1e-3;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "flux/dev",
        "flux/schnell",
        "sd3/three",
        "sd3/medium",
        "sd3/large",
        "zimage/turbo",
        "zimage/wide",
        "klein/base",
        "klein/distilled",
        "chroma/base",
        "chroma/wide"
      })
  void generatesTheImagesOfDiffusers(String variant, @TempDir Path parent) {
    PipelineFolder folder = PipelineFolder.write(variant, parent);
    try (PipelineReference expected = folder.reference()) {
      for (PipelineReference.Run run : expected.runs()) {
        GoldenFolder.schedule(folder.path(), run.scheduler());
        try (BaseModel base = BaseModel.open(folder.path(), Compute.EXACT)) {
          compare(variant + " " + run, expected, run.name(), generate(base, run));
        }
      }
    }
  }

  /** {@code shift} is the scheduler's own, or 0 where it moves with the image's size. */
  @ParameterizedTest
  @CsvSource({"zimage/turbo, 3", "flux/schnell, 1", "sd3/three, 3", "flux/dev, 0"})
  void samplesOnTheLevelsOfTheModelsOwnScheduler(
      String variant, double shift, @TempDir Path parent) {
    try (BaseModel base =
        BaseModel.open(PipelineFolder.write(variant, parent).path(), Compute.EXACT)) {
      for (String sampler : List.of("dpmpp_2m", "deis", "sa_solver")) {
        List<Double> times = new ArrayList<>();
        Latents drawn = base.generate(ImageRequest.of("a cat")
                .steps(2)
                .size(32, 32)
                .scheduler(sampler)
                .hooks(
                    EngineHooks.ofListener((step, of, x, denoised) -> times.add(step.timestep()))))
            .latents();
        double mu = 0.5 + (drawn.width() * drawn.height() / 4 - 256) * (1.15 - 0.5) / (4096 - 256);
        double moved = shift == 0 ? Math.exp(mu) : shift;
        double half = 0.999 / 2;
        assertEquals(
            Math.floor(1000 * moved * half / (1 + (moved - 1) * half)),
            times.get(1),
            variant + " by " + sampler);
      }
    }
  }

  private static List<GeneratedImage> generate(BaseModel base, PipelineReference.Run run) {
    ImageRequest request = GoldenImages.withNegative(
            ImageRequest.of(run.prompt()), run.text("negative_prompt"))
        .steps(run.steps())
        .guidance(run.guidance())
        .size(run.width(), run.height())
        .guidance(guidanceOptions(run));
    return run.seeds().stream()
        .map(seed -> base.generateAll(request.seed(seed).count(1), Run.silent()).get(0))
        .toList();
  }

  private static GuidanceOptions guidanceOptions(PipelineReference.Run run) {
    GuidanceOptions plain = GuidanceOptions.DEFAULT.trueCfgScale(run.number("true_cfg_scale", 1));
    if (run.call().containsKey("cfg_normalization")) {
      // Half of these steps lie before the share of the way that cfg_truncation says.
      return plain.cfgNormalization(run.number("cfg_normalization", 1)).between(0, 0.5);
    }
    return run.call().containsKey("skip_guidance_layers")
        ? plain.degradedGuidance(DegradedGuidanceParityTest.skipLayers(run.call()))
        : plain;
  }

  private static void compare(
      String what, PipelineReference expected, String run, List<GeneratedImage> images) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor pictures = expected.tensor(run + ".images");
      assertEquals(pictures.size(0), images.size(), what);
      for (int i = 0; i < images.size(); i++) {
        Closeness.assertImage(IMAGES, pictures.select(0, i), images.get(i), what);
      }
    }
  }
}
