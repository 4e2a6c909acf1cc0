package dev.likeness.portrait.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.portrait.people.Renderer;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RenderStoreTest {
  @Test
  void goesOnWhereItWasCutShort(@TempDir Path folder) throws IOException {
    RenderStore store = new RenderStore(folder);
    store.fill(5, RenderStoreTest::plain, done -> {});
    try (FileChannel pixels =
        FileChannel.open(folder.resolve("renders.rgb"), StandardOpenOption.WRITE)) {
      pixels.truncate(3L * Architecture.PIXELS * Architecture.PIXELS * 3 + 1000);
    }
    RenderStore again = new RenderStore(folder);
    again.fill(6, RenderStoreTest::plain, done -> {});
    assertEquals(6, again.size());
    for (int i = 0; i < 6; i++) {
      assertEquals(plain(i), again.image(i));
    }
  }

  @Test
  void refusesImagesOfAnotherEdition(@TempDir Path folder) throws IOException {
    RenderStore store = new RenderStore(folder);
    store.fill(1, RenderStoreTest::plain, done -> {});
    Files.delete(folder.resolve("edition.txt"));
    InvalidInputException error = assertThrows(
        InvalidInputException.class, () -> store.fill(2, RenderStoreTest::plain, done -> {}));
    assertEquals(
        folder + " holds what was made with edition unknown, not " + Renderer.EDITION
            + "; give an empty folder, or the same again to go on",
        error.getMessage());
    Files.writeString(folder.resolve("edition.txt"), "1");
    assertThrows(
        InvalidInputException.class, () -> store.fill(2, RenderStoreTest::plain, done -> {}));
    assertEquals(1, store.size());
  }

  private static RgbImage plain(long index) {
    byte[] rgb = new byte[Architecture.PIXELS * Architecture.PIXELS * 3];
    Arrays.fill(rgb, (byte) (40 * index));
    return RgbImage.of(Architecture.PIXELS, Architecture.PIXELS, rgb);
  }
}
