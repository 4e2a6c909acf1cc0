package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** {@code generate --image}: images that an editing model sees, against the request. */
@ExtendWith(NoTensorLeaks.class)
class ImagesToEditTest {
  @TempDir
  private Path folder;

  private RgbImage first;
  private RgbImage second;

  @BeforeEach
  void paint() {
    first = painted(80, 64, 7);
    second = painted(64, 96, 11);
    first.writePng(folder.resolve("a.png"));
    second.writePng(folder.resolve("b.png"));
  }

  @Test
  void showsAnEditingModelSeveralImages() throws IOException {
    Path klein = PipelineFolder.any("klein/base", folder);
    ImageRequest request =
        ImageRequest.of("a hat").steps(2).guidance(2).seed(5).images(first, second);
    try (BaseModel base = BaseModel.open(klein, Compute.EXACT)) {
      assertDrawn(
          "image-001.png", base, request, generate(klein, "--image", "a.png", "--image", "b.png"));
      assertDrawn(
          "image-002.png",
          base,
          request.referenceImages(request.referenceImages().strength(0.3).maxPixels(70 * 70)),
          generate(
              klein, "--image=a.png", "--image=b.png", "--image-strength=0.3", "--image-size=70"));
    }
    String record = Files.readString(folder.resolve("out/images-002.json"));
    assertTrue(record.contains("\"image_strength\" : 0.3"), record);
    assertTrue(!record.contains(folder.toString()), "folders stay private: " + record);
  }

  @Test
  void refusesImagesThatABaseOrTheOptionsCannotTake() {
    Path kontext = PipelineFolder.any("flux/dev", folder);
    renamePipeline(kontext);
    assertRefused(
        "a base of the family flux takes at most 1 reference image, got 2; leave out the rest",
        generate(kontext, "--image", "a.png", "--image", "b.png"));
    Path zimage = PipelineFolder.any("zimage/turbo", folder);
    assertRefused(
        "a base of the family zimage does not support reference images, got 1; leave them out, or use"
            + " a base that edits images",
        generate(zimage, "--image", "a.png"));
    assertRefused(
        "--image-size must be a whole number from 64 to 16384, got 0",
        generate(zimage, "--image", "a.png", "--image-size", "0"));
    assertRefused(
        "--image-strength must be a number of at least 0, got NaN",
        generate(zimage, "--image", "a.png", "--image-strength", "NaN"));
    assertRefused(
        "--image-strength must be a number of at least 0, got -1",
        generate(zimage, "--image", "a.png", "--image-strength", "-1"));
    for (String lone : List.of("--image-strength", "--image-size")) {
      assertRefused(
          lone + " does nothing without --image; give both or neither",
          generate(zimage, lone, "64"));
    }
  }

  private void assertDrawn(String name, BaseModel base, ImageRequest request, CommandResult run)
      throws IOException {
    assertEquals(0, run.status(), run.err());
    RgbImage drawn = RgbImage.read(folder.resolve("out").resolve(name));
    assertEquals(base.generate(request).image(), drawn);
  }

  private static void assertRefused(String message, CommandResult run) {
    assertEquals(2, run.status(), run.err());
    assertTrue(run.err().contains(message), run.err());
  }

  private CommandResult generate(Path base, String... more) {
    List<String> all = new ArrayList<>(List.of(
        "generate",
        "--base=" + base,
        "--prompt=a hat",
        "--steps=2",
        "--guidance=2",
        "--seed=5",
        "--dtype=f32",
        "--device=cpu",
        "--out=" + folder.resolve("out")));
    for (String word : more) {
      all.add(word.replaceFirst("^(--image=)?([ab]\\.png)$", "$1" + folder + "/$2"));
    }
    return CommandResult.of(all.toArray(String[]::new));
  }

  private static void renamePipeline(Path base) {
    Path index = base.resolve("model_index.json");
    try {
      Files.writeString(
          index, Files.readString(index).replace("\"FluxPipeline\"", "\"FluxKontextPipeline\""));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static RgbImage painted(int width, int height, int slope) {
    byte[] rgb = new byte[3 * width * height];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) (i * slope / 5);
    }
    return RgbImage.of(width, height, rgb);
  }
}
