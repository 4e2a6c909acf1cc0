package dev.likeness.portrait;

import java.io.IOException;
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
 * The embedded base model: a small model of Stable Diffusion's architecture that generates 256x256
 * portraits of people who do not exist. It is a diffusers folder inside this artifact.
 */
public final class PortraitModel {
  private static final String FOLDER = "/dev/likeness/models/portrait";
  private static final String INDEX = "model_index.json";

  private PortraitModel() {}

  /**
   * {@return the model's folder, inside the jar or the classes folder} Open it like any diffusers
   * folder: {@code BaseModel.open(PortraitModel.files(), Compute.best())}.
   *
   * @throws IllegalStateException if the artifact contains no model, or its jar cannot be read
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
      throw new IllegalStateException("the model's URL " + index + " is not a valid URI", e);
    }
  }

  // There is one file system per jar and JVM, and it stays open for other readers. A thread that is
  // interrupted during a read closes it for all of them (JDK-8316882); then a new one is opened.
  private static synchronized FileSystem jar(URI uri) {
    try {
      FileSystem jar = open(uri);
      if (!isReadable(jar)) {
        jar.close();
        return open(uri);
      }
      return jar;
    } catch (IOException e) {
      throw new IllegalStateException(
          "cannot read the jar of likeness-portrait-model: " + e.getMessage(), e);
    }
  }

  private static FileSystem open(URI uri) throws IOException {
    try {
      return FileSystems.newFileSystem(uri, Map.of());
    } catch (FileSystemAlreadyExistsException e) {
      return FileSystems.getFileSystem(uri);
    }
  }

  // A separate thread reads, because it is never interrupted.
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
