package dev.likeness.diffusion;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.error.UnusableInput;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.image.Picture;
import dev.likeness.diffusion.material.Material;
import dev.likeness.diffusion.progress.Cancellation;
import dev.likeness.diffusion.progress.Progress;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.NoTensorLeaks;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
class PreviewsTest {
  private static final ImageRequest ASK = ImageRequest.of("a cat").steps(4).size(32, 24).seed(4).guidance(4)
      .scheduler("Euler");

  @TempDir
  private Path scratch;

  @Test
  void showsThePicturesOfEveryRowAndTheLastOneIsThePicture() {
    Path folder = folder("base");
    try (BaseModel base = BaseModel.open(folder, Compute.EXACT);
        Previews previews = Previews.open(folder.resolve("vae"), Compute.EXACT)) {
      List<List<Picture>> seen = new ArrayList<>();
      List<Integer> rows = new ArrayList<>();
      ImageRequest watched = previews.on(ASK.count(2), 1, (row, pictures) -> {
        rows.add(row);
        seen.add(pictures);
      });
      List<GeneratedImage> images = base.generate(watched, Progress.SILENT, new Cancellation());
      assertEquals(List.of(1, 2, 3, 4), rows);
      assertEquals(2, seen.get(3).size(), "the last row of Euler ends at what the network takes the picture to be");
      assertAlike(images.get(0).picture(), seen.get(3).get(0));
      assertAlike(images.get(1).picture(), seen.get(3).get(1));
      assertEquals(base.generate(ASK).picture(), images.get(0).picture(), "watching changes nothing");
    }
  }

  @Test
  void showsEverySoManyRows() {
    Path folder = folder("base");
    try (BaseModel base = BaseModel.open(folder, Compute.EXACT);
        Previews previews = Previews.open(folder.resolve("vae"), Compute.EXACT)) {
      List<Integer> rows = new ArrayList<>();
      base.generate(previews.on(ASK, 3, (row, pictures) -> rows.add(row)));
      assertEquals(List.of(1, 4), rows);
      assertEquals("a preview after every 0 rows; give at least 1",
          assertThrows(IllegalArgumentException.class, () -> previews.on(ASK, 0, (row, pictures) -> { })).getMessage());
    }
  }

  @Test
  void refusesAnAutoencoderOfAnotherFamily() {
    Path other = folder("eight-latents").resolve("vae");
    try (BaseModel base = BaseModel.open(folder("base"), Compute.EXACT);
        Previews previews = Previews.open(other, Compute.EXACT)) {
      ImageRequest watched = previews.on(ASK, 1, (row, pictures) -> { });
      assertEquals(other + " decodes latents of 8 channels, this base's have 4; give the small autoencoder of the base's"
          + " family", assertThrows(UnusableInput.class, () -> base.generate(watched)).getMessage());
    }
  }

  @Test
  void decodesWithThePublishedSmallAutoencoder() {
    Path taesd = Material.of("autoencoders/taesd.f8.safetensors");
    try (BaseModel base = BaseModel.open(folder("four-levels"), Compute.EXACT);
        Previews previews = Previews.open(taesd, Compute.EXACT)) {
      List<Picture> seen = new ArrayList<>();
      base.generate(previews.on(ASK.size(64, 48), 1, (row, pictures) -> seen.addAll(pictures)));
      assertEquals(List.of("64x48", "64x48", "64x48", "64x48"),
          seen.stream().map(picture -> picture.width() + "x" + picture.height()).toList());
    }
  }

  /** Every byte is the same or its neighbour: rounding may fall on the other side. */
  static void assertAlike(Picture expected, Picture actual) {
    byte[] a = expected.rgb();
    byte[] b = actual.rgb();
    assertEquals(a.length, b.length);
    for (int i = 0; i < a.length; i++) {
      assertEquals(a[i] & 0xff, b[i] & 0xff, 1, "byte " + i);
    }
  }

  private Path folder(String variant) {
    return GoldenFolder.write(variant, GoldenFolder.Spelling.TODAY, scratch).path();
  }
}
