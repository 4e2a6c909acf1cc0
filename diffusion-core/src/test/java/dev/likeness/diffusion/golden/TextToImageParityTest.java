package dev.likeness.diffusion.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.family.Predictor;
import dev.likeness.diffusion.internal.family.stablediffusion.StableDiffusionNetworks;
import dev.likeness.diffusion.internal.family.stablediffusion.UNet2DConditionModel;
import dev.likeness.diffusion.internal.family.stablediffusion.UNetConditioning;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.sampling.GuidedPredictor;
import dev.likeness.diffusion.internal.sampling.SamplingLoop;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.text.ClipPromptEncoder;
import dev.likeness.diffusion.material.Material;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.schedulers.SamplingPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@ExtendWith(NoTensorLeaks.class)
class TextToImageParityTest {
  private static final double LATENTS = 1e-4;
  private static final double IMAGES = 1e-3;

  static List<String> variants() {
    return GoldenFolder.variants();
  }

  static Stream<Arguments> folders() {
    return variants().stream()
        .flatMap(variant -> Stream.of(GoldenFolder.KeyFormat.values())
            .map(spelling -> Arguments.of(variant, spelling)));
  }

  @ParameterizedTest
  @MethodSource("folders")
  void generatesTheImagesOfDiffusers(
      String variant, GoldenFolder.KeyFormat spelling, @TempDir Path parent) {
    assertGeneratesAll(GoldenFolder.write(variant, spelling, parent));
  }

  @Test
  void generatesTheImagesOfDiffusersWithAllOfClipsVocabulary(@TempDir Path parent)
      throws IOException {
    Path clip = Material.of("tokenizers/clip");
    GoldenFolder folder =
        GoldenFolder.write("full-vocabulary", GoldenFolder.KeyFormat.PUBLISHED, parent);
    for (String file : List.of("vocab.json", "merges.txt")) {
      Files.copy(
          clip.resolve(file),
          folder.path().resolve("tokenizer").resolve(file),
          StandardCopyOption.REPLACE_EXISTING);
    }
    assertGeneratesAll(folder);
  }

  private static void assertGeneratesAll(GoldenFolder folder) {
    try (GoldenReference expected = folder.reference()) {
      for (GoldenReference.Run run : expected.runs()) {
        folder.schedule(run);
        try (BaseModel base = BaseModel.open(folder.path(), Compute.EXACT)) {
          ImageRequest request = GoldenImages.withNegative(
                  ImageRequest.of(run.prompt()), run.negative())
              .steps(run.steps())
              .guidance(run.guidance())
              .seed(run.seeds().get(0))
              .count(run.seeds().size())
              .size(run.width(), run.height());
          compare(
              folder.variant() + " " + run,
              expected,
              run.name(),
              base.generateAll(request, Run.silent()));
        }
      }
    }
  }

  private static void compare(
      String what, GoldenReference expected, String run, List<GeneratedImage> images) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor latents = expected.tensor(run + ".latents");
      Tensor pictures = expected.tensor(run + ".images");
      assertEquals(pictures.size(0), images.size(), what);
      for (int i = 0; i < images.size(); i++) {
        Closeness.assertWithinSpread(
            LATENTS,
            latents.select(0, i),
            like(latents, images.get(i).latents().values()),
            what + " latents");
        Closeness.assertImage(IMAGES, pictures.select(0, i), images.get(i), what + " image");
      }
    }
  }

  private static Tensor like(Tensor batch, float[] values) {
    return torch.tensor(values).view(batch.size(1), batch.size(2), batch.size(3));
  }

  @ParameterizedTest
  @MethodSource("variants")
  void samplesTheLatentsOfDiffusersAtEveryStep(String variant, @TempDir Path parent) {
    GoldenFolder folder = GoldenFolder.write(variant, GoldenFolder.KeyFormat.CURRENT, parent);
    try (GoldenReference expected = folder.reference()) {
      for (GoldenReference.Run run : expected.runs()) {
        folder.schedule(run);
        try (BaseModel base = BaseModel.open(folder.path(), Compute.EXACT)) {
          compareSteps(
              variant + " " + run,
              expected,
              run,
              EngineAccess.model(base).networks(StableDiffusionNetworks.class));
        }
      }
    }
  }

  private static void compareSteps(
      String what,
      GoldenReference expected,
      GoldenReference.Run run,
      StableDiffusionNetworks model) {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard inference = new NoGradGuard();
        NoiseSource noise =
            NoiseSource.seeded(run.seeds().stream().mapToLong(seed -> seed).toArray())) {
      SamplingPlan plan = model.scheduler().plan(run.steps());
      Tensor golden = expected.tensor(run.name() + ".start");
      Tensor start = noise
          .next(golden.size(1), golden.size(2), golden.size(3))
          .mul(new Scalar(plan.initNoiseSigma()));
      Closeness.assertWithinSpread(LATENTS, golden, start, what + " start");
      Tensor steps = expected.tensor(run.name() + ".steps");
      assertEquals(steps.size(0), plan.size(), what + ": calls of the network");
      SamplingLoop.sample(
          start,
          plan,
          network(run, model),
          noise,
          (step, of, latents, denoised) -> Closeness.assertWithinSpread(
              LATENTS,
              steps.select(0, step.index()),
              latents,
              what + " after step " + step.index()));
    }
  }

  private static Predictor network(GoldenReference.Run run, StableDiffusionNetworks model) {
    boolean guided = run.guidance() > 1;
    List<String> prompts = new ArrayList<>(Collections.nCopies(
        guided ? run.seeds().size() : 0, run.negative() == null ? "" : run.negative()));
    prompts.addAll(Collections.nCopies(run.seeds().size(), run.prompt()));
    UNetConditioning text = UNetConditioning.text(new ClipPromptEncoder(
            model.tokenizer(), model.textEncoder(Adaptation.NONE), model.compute())
        .encode(prompts)
        .tokens());
    UNet2DConditionModel unet = model.unet(Adaptation.NONE);
    Predictor plain = (input, step) ->
        unet.forward(input, torch.tensor(new float[] {(float) step.timestep()}), text);
    return guided ? new GuidedPredictor.Guidance(plain, run.guidance()) : plain;
  }
}
