package dev.likeness.cli.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.cli.Outside;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What a build downloads besides Maven's artifacts, whose versions never change. */
class PinnedBuildTest {
  private static final Pattern PINNED_ACTION =
      Pattern.compile("(?:- )?uses: [a-z-]+/[a-z-]+@[0-9a-f]{40} # v\\d+\\.\\d+\\.\\d+");
  private static final Pattern PINNED_IMAGE =
      Pattern.compile("FROM .*@sha256:[0-9a-f]{64}(?: AS \\w+)?");

  private static List<String> lines(Path file, String part) throws IOException {
    return Files.readAllLines(file).stream()
        .map(String::strip)
        .filter(line -> line.contains(part))
        .toList();
  }

  @Test
  void eachActionIsPinnedByItsCommit() throws IOException {
    List<String> uses = new ArrayList<>();
    try (Stream<Path> workflows = Files.list(Outside.ROOT.resolve(".github/workflows"))) {
      for (Path workflow : workflows.toList()) {
        uses.addAll(lines(workflow, "uses:"));
      }
    }
    assertFalse(uses.isEmpty());
    assertEquals(
        List.of(),
        uses.stream().filter(line -> !PINNED_ACTION.matcher(line).matches()).toList());
  }

  /** SECURITY.md says so as long as an image is not pinned. */
  @Test
  void securityTellsOfBaseImagesThatAreNotPinned() throws IOException {
    boolean pinned = lines(Outside.ROOT.resolve("Dockerfile"), "FROM ").stream()
        .allMatch(line -> PINNED_IMAGE.matcher(line).matches());
    String security = Files.readString(Outside.ROOT.resolve("SECURITY.md"));
    assertTrue(
        pinned != security.contains("The base images in `Dockerfile` are **not** pinned"),
        "SECURITY.md must say whether the base images are pinned");
  }
}
