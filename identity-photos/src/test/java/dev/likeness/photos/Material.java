package dev.likeness.photos;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/** Where real photos lie beside the project, for the tests that need some. */
public final class Material {
  private Material() {}

  /** A folder or file of the material; without it the test is skipped, and says so. */
  public static Path at(String path) {
    return find("material", path);
  }

  /** A folder or file of the inputs that once failed; without it the test is skipped. */
  public static Path cases(String path) {
    return find("cases", path);
  }

  private static Path find(String kind, String path) {
    String given = System.getProperty("likeness." + kind);
    for (Path folder = Path.of("").toAbsolutePath(); folder != null; folder = folder.getParent()) {
      Path material =
          given == null ? folder.resolveSibling("shared").resolve(kind) : Path.of(given);
      if (Files.exists(material.resolve(path))) {
        return material.resolve(path);
      }
    }
    Assumptions.abort("skipped: there is no ../shared/" + kind + "/" + path + "; -Dlikeness." + kind
        + "=DIR says where it is");
    throw new AssertionError();
  }
}
