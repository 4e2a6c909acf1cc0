package dev.likeness.photos;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/** Where real photos lie beside the project, for the tests that need some. */
public final class Material {
  private Material() {}

  /** A folder or file of the material; without it the test is skipped, and says so. */
  public static Path at(String path) {
    String given = System.getProperty("likeness.material");
    for (Path folder = Path.of("").toAbsolutePath(); folder != null; folder = folder.getParent()) {
      Path material =
          given == null ? folder.resolveSibling("shared").resolve("material") : Path.of(given);
      if (Files.exists(material.resolve(path))) {
        return material.resolve(path);
      }
    }
    Assumptions.abort("skipped: there is no ../shared/material/" + path
        + "; -Dlikeness.material=DIR says where it is");
    throw new AssertionError();
  }
}
