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
    assertTrue(SyntheticPhotos.isSyntheticFolder(photos));
    Files.write(photos.resolve("selfie-02.jpg"), new byte[] {1});
    assertFalse(SyntheticPhotos.isSyntheticFolder(photos));
    Files.delete(photos.resolve("selfie-02.jpg"));
    Files.delete(folder.resolve("people.json"));
    assertFalse(SyntheticPhotos.isSyntheticFolder(photos));
  }

  @Test
  void theListMayLieAmongThePhotosHoweverTheFolderIsGiven() throws IOException {
    Path photos = Selfies.of("5000000000", 1, folder);
    Files.move(folder.resolve("people.json"), photos.resolve("people.json"));
    assertTrue(SyntheticPhotos.isSyntheticFolder(photos));
    assertTrue(SyntheticPhotos.isSyntheticFolder(
        Path.of("").toAbsolutePath().relativize(photos.toAbsolutePath())));
  }
}
