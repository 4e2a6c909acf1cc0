package dev.likeness.headshots;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Three selfies of the rendered person whom the examples show. In the third of the folder, no eyes
 * are found, which makes its review the slowest by far.
 */
public final class Selfies {
  private static final String PLACE = "examples/photos/person-5000000002";

  private Selfies() {}

  public static List<String> names() {
    return List.of("selfie-01.jpg", "selfie-02.jpg", "selfie-04.jpg");
  }

  public static byte[] read(String name) {
    Path root = Path.of("").toAbsolutePath();
    while (!Files.isDirectory(root.resolve(PLACE))) {
      root = root.getParent();
    }
    try {
      return Files.readAllBytes(root.resolve(PLACE).resolve(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
