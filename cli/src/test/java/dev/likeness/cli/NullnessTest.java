package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Types tell whether a value of the supported API can be null. */
class NullnessTest {
  private static final Pattern NULLABLE_PARAMETER =
      Pattern.compile("@param (\\w+)\\s(?:(?!@|\\*/)[^.])*?(?:\\bor|;)[\\s*]+null\\b");

  @Test
  void supportedPackagesAreNullMarked() {
    assertEquals(
        List.of(),
        sources()
            .filter(file -> file.endsWith("package-info.java"))
            .filter(file -> !text(file).contains("\n@NullMarked\npackage "))
            .map(Path::toString)
            .toList());
  }

  @Test
  void parametersThatMayBeNullHaveNullableTypes() {
    assertEquals(
        List.of(),
        sources().flatMap(file -> faults(file.toString(), text(file))).toList());
  }

  @Test
  void findsAParameterWithoutANullableType() {
    String source = """
        /**
         * @param mask the mask, or
         *     null for none
         * @param image the image; must not be null
         * @param size the size; null for the default
         */
        void run(RgbImage mask, RgbImage image, @Nullable Size size) {}
        """;
    assertEquals(List.of("A.java: mask"), faults("A.java", source).toList());
  }

  private static Stream<String> faults(String file, String source) {
    return NULLABLE_PARAMETER
        .matcher(source)
        .results()
        .map(found -> found.group(1))
        .distinct()
        .filter(name -> !Pattern.compile("@Nullable[^,()]*\\b" + name + "\\b")
            .matcher(source)
            .find())
        .map(name -> file + ": " + name);
  }

  private static Stream<Path> sources() {
    try (Stream<Path> all = Stream.of(
            "schedulers",
            "diffusion-core",
            "identity-photos",
            "identity-lora",
            "identity-ipadapter",
            "headshots",
            "provenance",
            "vault",
            "model-hub",
            "studio-web")
        .map(module -> Outside.ROOT.resolve(module).resolve("src/main/java"))
        .flatMap(NullnessTest::walk)) {
      return all
          .filter(file -> file.toString().endsWith(".java"))
          .filter(file -> !file.toString().replace('\\', '/').contains("/internal/"))
          .toList()
          .stream();
    }
  }

  private static Stream<Path> walk(Path folder) {
    try {
      return Files.walk(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
