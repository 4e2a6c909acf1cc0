package dev.likeness.diffusion.internal.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.catalogue.BaseKind;
import dev.likeness.diffusion.catalogue.CatalogueModel;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.family.ModelComponents;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.InitialImage;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.schedulers.Prediction;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Bases of each layout are recognised by their configuration, and take the settings of their kind.
 */
class RecognitionTest {
  @TempDir
  private Path folder;

  private Path write(String layout) {
    return layout.startsWith("sd1/")
        ? GoldenFolder.write(layout.substring(4), GoldenFolder.KeyFormat.CURRENT, folder)
            .path()
        : PipelineFolder.write(layout, folder).path();
  }

  @ParameterizedTest
  @CsvSource({
    "sd1/base, sd15, 50, 7.5",
    "sd1/inpainting, sd15-inpainting, 50, 7.5",
    "sd1/xl-base, sdxl, 50, 5",
    "sd1/xl-inpainting, sdxl-inpainting, 50, 7.5",
    "flux/schnell, flux-schnell, 4, 0",
    "flux/dev, flux-dev, 28, 3.5",
    "flux/fill, flux-fill, 50, 30",
    "klein/base, klein-base-4b, 50, 4",
    "klein/distilled, klein-4b, 4, 1",
    "zimage/turbo, z-image-turbo, 9, 0"
  })
  void aBaseTakesTheSettingsOfItsKind(String layout, String name, int steps, double guidance) {
    Path path = write(layout);
    ModelComponents files = ModelOpener.open(path);
    CatalogueModel known = Recognition.of(files, ModelExtras.of(files.folder())).orElseThrow();
    assertEquals(name, known.name());
    try (BaseModel base = BaseModel.open(path, Compute.of("cpu", "f32"))) {
      assertEquals(name, base.recipe().orElseThrow().name());
      assertEquals(steps, base.defaults().steps());
      assertEquals(guidance, base.defaults().guidance());
    }
  }

  @Test
  void anotherPredictionIsAnotherKind() {
    ModelComponents files = ModelOpener.open(write("sd1/base"));
    assertEquals(
        Optional.of(new BaseKind("sd1", "text-to-image", "epsilon", false)),
        Recognition.kind(files));
    ModelComponents other = new ModelComponents.Predicting(files, Prediction.V);
    assertEquals(
        "sd1, text-to-image, v_prediction",
        Recognition.kind(other).orElseThrow().toString());
    assertEquals(Optional.empty(), Recognition.of(other, ModelExtras.PLAIN));
  }

  @Test
  void aFolderThatDeclaresItsTrainingIsNotLookedUp() throws IOException {
    Path path = write("sd1/base");
    Files.writeString(path.resolve(ModelExtras.FILE), """
        {"training": {"rank": 4, "layers": "attention", "text_encoder": false, "batch": 2,
         "learning_rate": 0.001}}""", StandardOpenOption.CREATE_NEW);
    ModelComponents files = ModelOpener.open(path);
    assertEquals(Optional.empty(), Recognition.of(files, ModelExtras.of(files.folder())));
  }

  /** Diffusers doubles the guidance of FLUX.1 dev for image-to-image. */
  @Test
  void onlyDistilledTransformersTakeOtherDefaultsThanThoseOfTheirFamily() {
    try (BaseModel base = BaseModel.open(write("flux/dev"), Compute.of("cpu", "f32"))) {
      ImageRequest from = ImageRequest.of("")
          .initialImage(InitialImage.of(RgbImage.of(32, 32, new byte[3 * 32 * 32])));
      assertEquals(7, base.defaults(from).guidance());
      assertEquals(3.5, base.defaults().guidance());
    }
  }

  @Test
  void theDigestKnowsFineTunesApartAndCopiesTogether() throws IOException {
    Path first = write("sd1/base");
    Path copy = folder.resolve("copy");
    try (var all = Files.walk(first)) {
      for (Path file : all.toList()) {
        Files.copy(file, copy.resolve(first.relativize(file).toString()));
      }
    }
    String digest = BaseDigest.of(ModelOpener.open(first));
    assertEquals(64, digest.length());
    assertEquals(digest, BaseDigest.of(ModelOpener.open(copy)));
    Path weights = copy.resolve("unet/diffusion_pytorch_model.safetensors");
    byte[] bytes = Files.readAllBytes(weights);
    for (int i = bytes.length / 2; i < bytes.length; i += 4) {
      bytes[i] ^= 1;
    }
    Files.write(weights, bytes);
    assertNotEquals(digest, BaseDigest.of(ModelOpener.open(copy)));
  }
}
