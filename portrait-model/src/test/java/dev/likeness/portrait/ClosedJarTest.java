package dev.likeness.portrait;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.channels.ClosedChannelException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClosedJarTest {
  private static final String CLASS = "dev/likeness/portrait/PortraitModel.class";
  private static final String INDEX = "dev/likeness/models/portrait/model_index.json";

  @TempDir
  private Path folder;

  @Test
  void aJarThatAnInterruptClosedIsOpenedAgain() throws Exception {
    URL[] jar = {jar().toUri().toURL()};
    try (URLClassLoader loader = new URLClassLoader(jar, null)) {
      Path index = index(loader);
      assertSame(index.getFileSystem(), index(loader).getFileSystem());
      Thread.currentThread().interrupt();
      assertThrows(ClosedChannelException.class, () -> Files.readAllBytes(index));
      Thread.interrupted();
      Path again = index(loader);
      assertEquals("{}", Files.readString(again));
      again.getFileSystem().close();
    }
  }

  private static Path index(ClassLoader loader) throws ReflectiveOperationException {
    Path files = (Path)
        loader.loadClass(PortraitModel.class.getName()).getMethod("files").invoke(null);
    return files.resolve("model_index.json");
  }

  private Path jar() throws IOException {
    Path file = folder.resolve("portrait.jar");
    try (FileSystem jar = FileSystems.newFileSystem(file, Map.of("create", "true"))) {
      Files.createDirectories(jar.getPath(CLASS).getParent());
      Files.createDirectories(jar.getPath(INDEX).getParent());
      Files.copy(
          PortraitModel.class.getResourceAsStream("PortraitModel.class"), jar.getPath(CLASS));
      Files.writeString(jar.getPath(INDEX), "{}");
    }
    return file;
  }
}
