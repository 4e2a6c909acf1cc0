package dev.likeness.portrait.training;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.diffusion.image.Picture;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RenderStoreTest {
  @Test
  void goesOnWhereItWasCutShort(@TempDir Path folder) throws IOException {
    RenderStore store = new RenderStore(folder);
    store.fill(5, RenderStoreTest::plain, done -> { });
    try (FileChannel pixels = FileChannel.open(folder.resolve("renders.rgb"), StandardOpenOption.WRITE)) {
      pixels.truncate(3L * Architecture.PIXELS * Architecture.PIXELS * 3 + 1000);
    }
    RenderStore again = new RenderStore(folder);
    again.fill(6, RenderStoreTest::plain, done -> { });
    assertEquals(6, again.size());
    for (int i = 0; i < 6; i++) {
      assertEquals(plain(i), again.picture(i));
    }
  }

  private static Picture plain(long index) {
    byte[] rgb = new byte[Architecture.PIXELS * Architecture.PIXELS * 3];
    Arrays.fill(rgb, (byte) (40 * index));
    return Picture.of(Architecture.PIXELS, Architecture.PIXELS, rgb);
  }
}
