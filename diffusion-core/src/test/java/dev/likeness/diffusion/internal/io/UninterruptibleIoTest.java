package dev.likeness.diffusion.internal.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.ModelConfig;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UninterruptibleIoTest {
  @TempDir
  private Path folder;

  @Test
  void aJarStaysReadableWhenAnInterruptedThreadReadsFromIt() throws IOException {
    try (FileSystem jar = jar()) {
      Thread.currentThread().interrupt();
      assertEquals(3, ModelConfig.read(jar.getPath("config.json")).integer("steps", 0));
      assertTrue(Thread.interrupted());
      assertEquals(3, ModelConfig.read(jar.getPath("config.json")).integer("steps", 0));
    }
  }

  @Test
  void aJarThatAnotherThreadsInterruptClosedIsNamed() throws IOException {
    try (FileSystem jar = jar()) {
      Path config = jar.getPath("config.json");
      Thread.currentThread().interrupt();
      assertThrows(ClosedChannelException.class, () -> Files.readAllBytes(config));
      Thread.interrupted();
      InvalidInputException refused =
          assertThrows(InvalidInputException.class, () -> ModelConfig.read(config));
      assertEquals("cannot read config.json: ClosedChannelException", refused.getMessage());
    }
  }

  @Test
  void failuresReachTheCaller() {
    assertThrows(
        NoSuchFileException.class,
        () -> UninterruptibleIo.run(() -> Files.size(folder.resolve("none"))));
    assertThrows(
        InvalidInputException.class,
        () -> UninterruptibleIo.run(() -> {
          throw new InvalidInputException("no such file");
        }));
  }

  private FileSystem jar() throws IOException {
    Path file = folder.resolve("model.jar");
    try (FileSystem jar = FileSystems.newFileSystem(file, Map.of("create", "true"))) {
      Files.writeString(jar.getPath("config.json"), "{\"steps\": 3}");
    }
    return FileSystems.newFileSystem(file);
  }
}
