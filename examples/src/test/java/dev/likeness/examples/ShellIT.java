package dev.likeness.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.cli.Outside;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The two launchers, from elsewhere and through a link. */
class ShellIT {
  @TempDir
  private Path folder;

  @Test
  void runsTheCommandThroughALinkFromAnyFolder() throws IOException {
    Path link =
        Files.createSymbolicLink(folder.resolve("likeness"), Outside.ROOT.resolve("likeness"));
    Outside run = Outside.run(folder, Map.of(), List.of("./" + link.getFileName(), "--version"));
    assertEquals("likeness " + Outside.version(), run.output().strip());
    assertEquals(0, run.status());
  }

  @Test
  void passesTheExitStatusOn() {
    Outside run = Outside.run(
        folder,
        Map.of(),
        List.of(Outside.ROOT.resolve("likeness").toString(), "inspect", "nothing"));
    assertEquals(
        "likeness: nothing does not exist; give a file of weights, an image or a diffusers folder",
        run.output().strip());
    assertEquals(3, run.status());
  }

  @Test
  void runsTheTourAsWritten() {
    Outside run = shell(script("tour"));
    assertTrue(Files.exists(folder.resolve("portrait.png")), run.output());
    assertTrue(run.output().contains("next sample"), run.output());
  }

  @Test
  void runsResearchWithoutAForkAsWritten() {
    Outside run = shell(script("research"));
    assertTrue(run.output().contains("steps seen: 6, each latents [8, "), run.output());
    assertTrue(run.output().contains("ends where it ends: true"), run.output());
    assertTrue(run.output().contains("decoded again: true"), run.output());
  }

  @Test
  @Tag("slow")
  void generatesImagesAsWritten() {
    Outside run = shell(script("generating"));
    assertTrue(run.output().contains("generated within the budget: true"), run.output());
  }

  private static Path script(String name) {
    return Outside.ROOT.resolve("examples/jshell/" + name + ".jsh");
  }

  /** Runs a script to its end without an error. */
  private Outside shell(Path script) {
    Outside run = Outside.run(
        folder,
        Map.of(),
        List.of(Outside.ROOT.resolve("likeness-shell").toString(), "-s", script.toString()));
    assertEquals(0, run.status(), run.output());
    assertFalse(run.output().contains("Error"), run.output());
    assertFalse(run.output().contains("Exception"), run.output());
    return run;
  }
}
