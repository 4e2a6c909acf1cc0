package dev.likeness.diffusion.material;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;

/**
 * Real files of other projects that a checkout may have beside it; tests that want one are skipped
 * without it.
 */
public final class Material {
  private Material() {}

  /**
   * The file or folder {@code name} below the material folder; aborts the test, with a message,
   * when it is absent.
   */
  public static Path of(String name) {
    Optional<Path> found = find(name);
    Assumptions.assumeTrue(
        found.isPresent(),
        () ->
            "no " + name + " in ../shared/material; give the folder with -Dlikeness.material=DIR");
    return found.get();
  }

  /** The same for a test that does with less when it is absent. */
  public static Optional<Path> find(String name) {
    return Optional.ofNullable(root()).map(root -> root.resolve(name)).filter(Files::exists);
  }

  /**
   * The file or folder {@code name} below the folder of inputs that failed once; aborts the test,
   * with a message, when it is absent.
   */
  public static Path ofCase(String name) {
    Optional<Path> found =
        Optional.ofNullable(folder("cases")).map(root -> root.resolve(name)).filter(Files::exists);
    Assumptions.assumeTrue(
        found.isPresent(),
        () -> "no " + name + " in ../shared/cases; give the folder with -Dlikeness.cases=DIR");
    return found.get();
  }

  private static Path root() {
    return folder("material");
  }

  private static Path folder(String name) {
    String given = System.getProperty("likeness." + name);
    if (given != null) {
      return Path.of(given);
    }
    for (Path up = Path.of("").toAbsolutePath(); up != null; up = up.getParent()) {
      if (Files.isDirectory(up.resolve("shared/" + name))) {
        return up.resolve("shared/" + name);
      }
    }
    return null;
  }
}
