package dev.likeness.ipadapter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.GoldenResource;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.FaceGuidanceOptions.Gradient;
import dev.likeness.photos.SameFacesDetector;
import dev.likeness.photos.embed.EmbedderSpec;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.embed.UsePolicy;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.internal.embed.IResNetEmbedder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Face guidance by a tiny random IResNet on tiny random bases. The landmarks are fixed, because
 * random networks draw no faces. The base's own autoencoder takes the place of TAESD.
 */
@ExtendWith(NoTensorLeaks.class)
class FaceGuidanceAnyBaseTest {
  private static final int SIDE = 64;
  private static final int RUNS = 60;
  private static final int SLICE = 6;
  private static final Face FACE = SameFacesDetector.IN_64_PIXELS;

  @TempDir
  private Path scratch;

  private static final FaceDetector DETECTOR = new SameFacesDetector(List.of(FACE));

  private Path embedder() {
    Path copy = scratch.resolve("auraface.onnx");
    if (!Files.exists(copy)) {
      GoldenResource.copy("/golden/iresnet/folded.onnx", copy);
    }
    return copy;
  }

  private Path other() {
    Path copy = scratch.resolve("other.onnx");
    GoldenResource.copy("/golden/iresnet/separate.onnx", copy);
    return copy;
  }

  private FaceGuidance guidance(Path folder) {
    return FaceGuidance.with(folder.resolve("vae"), embedder(), DETECTOR, UsePolicy.COMMERCIAL);
  }

  private static ImageRequest request(int seed) {
    return ImageRequest.of("a portrait").steps(4).size(SIDE, SIDE).seed(seed);
  }

  /** A person whose face is noise of another seed. */
  private static float[] person(FaceGuidance guidance, int seed) {
    byte[] rgb = new byte[SIDE * SIDE * 3];
    new Random(1000 + seed).nextBytes(rgb);
    return guidance.embedder().embed(RgbImage.of(SIDE, SIDE, rgb), FACE);
  }

  private static double likeness(FaceGuidance guidance, float[] person, RgbImage image) {
    return FaceEmbedder.cosine(person, guidance.embedder().embed(image, FACE));
  }

  /** The number of runs in which guidance raises the cosine of the finished image. */
  private static int raised(BaseModel base, FaceGuidance guidance, int first, int runs) {
    int raised = 0;
    for (int seed = first; seed < first + runs; seed++) {
      float[] person = person(guidance, seed);
      Identity held = guidance.forPerson(List.of(person));
      double plain = likeness(guidance, person, base.generate(request(seed)).image());
      double guided = likeness(
          guidance, person, base.generate(request(seed).adapter(held.at(1))).image());
      raised += guided > plain ? 1 : 0;
    }
    return raised;
  }

  @ParameterizedTest
  @ValueSource(strings = {"klein/distilled", "sdxl/xl-base"})
  void raisesTheSimilarityOfMostImages(String family) {
    Path folder = PipelineFolder.any(family, scratch);
    try (BaseModel base = BaseModel.open(folder, Compute.EXACT);
        FaceGuidance guidance = guidance(folder)) {
      int raised = raised(base, guidance, 0, SLICE);
      assertTrue(raised >= SLICE - 1, raised + " of " + SLICE);
    }
  }

  @Tag("slow")
  @ParameterizedTest
  @ValueSource(strings = {"klein/distilled", "sdxl/xl-base"})
  void raisesTheSimilarityOf95PercentOfImages(String family) {
    Path folder = PipelineFolder.any(family, scratch);
    try (BaseModel base = BaseModel.open(folder, Compute.EXACT);
        FaceGuidance guidance = guidance(folder)) {
      int raised = raised(base, guidance, 0, RUNS);
      assertTrue(raised >= 0.95 * RUNS, raised + " of " + RUNS);
    }
  }

  @Test
  void guidesByEveryGradientAndInSomeStepsOnly() {
    Path folder = PipelineFolder.any("flux/dev", scratch);
    try (BaseModel base = BaseModel.open(folder, Compute.EXACT);
        FaceGuidance guidance = guidance(folder)) {
      float[] person = person(guidance, 3);
      float[] plain = pixels(base, guidance, person, 0);
      float[] byMemory = pixels(base, guidance, person, 1);
      float[] kept = pixels(base, guidance.options(gradient(Gradient.KEPT)), person, 1);
      float[] again = pixels(base, guidance.options(gradient(Gradient.RECOMPUTED)), person, 1);
      float[] out = pixels(base, guidance.options(gradient(Gradient.LEFT_OUT)), person, 1);
      float[] rare =
          pixels(base, guidance.options(FaceGuidanceOptions.DEFAULT.every(3)), person, 1);
      assertArrayEquals(kept, byMemory, 1e-3f, "a tiny network fits into memory");
      assertArrayEquals(kept, again, 1e-3f);
      assertTrue(differ(plain, kept) && differ(kept, out) && differ(plain, out));
      assertTrue(differ(plain, rare) && differ(kept, rare));
      assertEquals(FaceGuidanceOptions.DEFAULT, guidance.options());
    }
  }

  private static FaceGuidanceOptions gradient(Gradient gradient) {
    return FaceGuidanceOptions.DEFAULT.gradient(gradient);
  }

  private static float[] pixels(
      BaseModel base, FaceGuidance guidance, float[] person, double weight) {
    Identity held = guidance.forPerson(List.of(person));
    return base.generate(request(3).adapter(held.at(weight))).pixels();
  }

  private static boolean differ(float[] a, float[] b) {
    double most = 0;
    for (int i = 0; i < a.length; i++) {
      most = Math.max(most, Math.abs(a[i] - b[i]));
    }
    return most > 1e-3;
  }

  @Test
  void refusesItsOwnEmbedderAsTheJudge() {
    Path folder = PipelineFolder.any("flux/dev", scratch);
    try (FaceGuidance guidance = guidance(folder);
        IResNetEmbedder judge =
            IResNetEmbedder.open(embedder(), EmbedderSpec.AURAFACE, UsePolicy.COMMERCIAL);
        IResNetEmbedder other =
            IResNetEmbedder.open(other(), EmbedderSpec.AURAFACE, UsePolicy.COMMERCIAL)) {
      assertEquals(
          "the embedder " + judge.name()
              + " guides the faces, so it cannot measure their likeness; give another embedder",
          assertThrows(IllegalArgumentException.class, () -> guidance.requireIndependent(judge))
              .getMessage());
      guidance.requireIndependent(other);
    }
  }

  @Test
  void refusesWhatDoesNotFit() throws IOException {
    Path folder = PipelineFolder.any("flux/dev", scratch);
    Path research = scratch.resolve("glintr100.onnx");
    Files.copy(embedder(), research);
    assertEquals(
        "the embedder ArcFace has a licence that forbids commercial use (non-commercial research only)"
            + "; use an embedder whose licence allows commercial use, such as SFace or AuraFace",
        assertThrows(
                InvalidInputException.class,
                () -> FaceGuidance.with(
                    folder.resolve("vae"), research, DETECTOR, UsePolicy.COMMERCIAL))
            .getMessage());
    assertEquals(
        "the interval of face guidance must be at least 1 step, got 0",
        assertThrows(IllegalArgumentException.class, () -> FaceGuidanceOptions.DEFAULT.every(0))
            .getMessage());
    Path wide = scratch.resolve("taef2.safetensors");
    GoldenResource.copy("/golden/taef2/taef2.safetensors", wide);
    try (BaseModel base = BaseModel.open(folder, Compute.EXACT);
        FaceGuidance guidance =
            FaceGuidance.with(wide, embedder(), DETECTOR, UsePolicy.COMMERCIAL)) {
      float[] person = person(guidance, 3);
      assertEquals(
          "the preview decoder of face guidance takes latents of 128 channels, but this base has 4;"
              + " give the tiny autoencoder of the base's family",
          assertThrows(InvalidInputException.class, () -> pixels(base, guidance, person, 1))
              .getMessage());
    }
  }
}
