package dev.likeness.portrait;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemAlreadyExistsException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * The embedded base model: a small Stable-Diffusion-shaped model that draws 256x256 portraits of
 * people who do not exist. It is a diffusers folder whose files travel in this artifact.
 */
public final class PortraitModel {
  private static final String FOLDER = "/dev/likeness/models/portrait";
  private static final String INDEX = "model_index.json";

  private PortraitModel() {}

  /**
   * The model's folder, with {@code model_index.json} in it: a path inside the jar, or in the
   * classes folder. Open it as any other folder: {@code BaseModel.open(PortraitModel.files(),
   * Compute.best())}.
   */
  public static Path files() {
    URL index = PortraitModel.class.getResource(FOLDER + "/" + INDEX);
    if (index == null) {
      throw new IllegalStateException(
          "likeness-portrait-model was packed without its model; build it again");
    }
    try {
      URI uri = index.toURI();
      return uri.getScheme().equals("jar")
          ? jar(uri).getPath(FOLDER)
          : Path.of(uri).getParent();
    } catch (URISyntaxException e) {
      throw new IllegalStateException("no path leads to " + index, e);
    }
  }

  // One file system per jar and JVM: it stays open, for whoever else reads from it. Whoever is
  // interrupted while they do
  // closes what all read through (JDK-8316882); then another takes its place.
  private static synchronized FileSystem jar(URI uri) {
    try {
      FileSystem jar = open(uri);
      if (!isReadable(jar)) {
        jar.close();
        return open(uri);
      }
      return jar;
    } catch (IOException e) {
      throw new UncheckedIOException("the jar of likeness-portrait-model cannot be read", e);
    }
  }

  private static FileSystem open(URI uri) throws IOException {
    try {
      return FileSystems.newFileSystem(uri, Map.of());
    } catch (FileSystemAlreadyExistsException e) {
      return FileSystems.getFileSystem(uri);
    }
  }

  // Found out by a thread that nobody interrupts.
  private static boolean isReadable(FileSystem jar) {
    return CompletableFuture.supplyAsync(
            () -> {
              try {
                return Files.readAllBytes(jar.getPath(FOLDER, INDEX)).length > 0;
              } catch (IOException e) {
                return false;
              }
            },
            task -> new Thread(task, "likeness-files").start())
        .join();
  }
}
