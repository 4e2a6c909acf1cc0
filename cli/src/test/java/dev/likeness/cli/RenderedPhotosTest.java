package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.cli.command.SyntheticPhotos;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RenderedPhotosTest {
  @TempDir
  private Path folder;

  @Test
  void knowsRenderedPhotosFromOthers() throws IOException {
    Path photos = Selfies.of("5000000000", 1, folder);
    assertTrue(SyntheticPhotos.areAllIn(photos));
    Files.write(photos.resolve("selfie-02.jpg"), new byte[] {1});
    assertFalse(SyntheticPhotos.areAllIn(photos));
    Files.delete(photos.resolve("selfie-02.jpg"));
    Files.delete(folder.resolve("people.json"));
    assertFalse(SyntheticPhotos.areAllIn(photos));
  }

  @Test
  void theListMayLieAmongThePhotosHoweverTheFolderIsGiven() throws IOException {
    Path photos = Selfies.of("5000000000", 1, folder);
    Files.move(folder.resolve("people.json"), photos.resolve("people.json"));
    assertTrue(SyntheticPhotos.areAllIn(photos));
    assertTrue(
        SyntheticPhotos.areAllIn(Path.of("").toAbsolutePath().relativize(photos.toAbsolutePath())));
  }
}
