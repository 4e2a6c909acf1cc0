package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Adapters use what a user may use. A plain build does not compile them, so the sources are read.
 */
class IntegrationsTest {
  private static final Pattern INTERNAL = Pattern.compile("dev\\.likeness(\\.\\w+)*\\.internal\\b");

  @Test
  void sourcesNameNoInternalPackage() throws IOException {
    assertTrue(namesInternal("import dev.likeness.lora.internal.file.LoraRole;"));
    assertFalse(namesInternal("import dev.likeness.lora.file.KeyFormat;"));
    List<Path> sources = sources();
    assertTrue(sources.size() > 10, sources::toString);
    for (Path source : sources) {
      List<String> lines = Files.readAllLines(source).stream()
          .filter(IntegrationsTest::namesInternal)
          .toList();
      assertEquals(List.of(), lines, source.toString());
    }
  }

  private static boolean namesInternal(String line) {
    return INTERNAL.matcher(line).find();
  }

  private static List<Path> sources() throws IOException {
    try (Stream<Path> adapters = Files.walk(Outside.ROOT.resolve("integrations"));
        Stream<Path> example = Files.walk(Outside.ROOT.resolve("examples/spring-boot"))) {
      return Stream.concat(adapters, example)
          .filter(file -> file.toString().replace('\\', '/').matches(".*/src/main/.*\\.java"))
          .toList();
    }
  }
}
