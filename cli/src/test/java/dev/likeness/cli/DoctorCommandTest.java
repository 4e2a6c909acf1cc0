package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.tensor.CpuSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class DoctorCommandTest {
  @Test
  void checksEverythingThatGenerationNeeds() {
    CommandResult run = CommandResult.of("doctor");
    assertEquals(0, run.status(), run.out() + run.err());
    for (String subject : List.of(
        "java",
        "processor",
        "memory",
        "libtorch",
        "cuda",
        "computes on",
        "opencv",
        "tokenizers",
        "setting",
        "cache",
        "portrait")) {
      assertTrue(
          run.out().lines().anyMatch(line -> line.substring(9).startsWith(subject + " ")),
          subject + "\n" + run.out());
    }
  }

  @Test
  void launcherAndImageHaveTheSettings() throws IOException {
    String launcher = Files.readString(Path.of("bin/likeness-variables"));
    String image = Files.readString(Outside.ROOT.resolve("Dockerfile"));
    CpuSettings.environment().forEach((name, value) -> {
      assertTrue(launcher.contains("\"${" + name + ":=" + value + "}\""), name);
      assertTrue(image.contains(" " + name + "=" + value), name);
    });
  }

  @Test
  void findsNothingMissingWhereTheTestsRun() {
    assertTrue(
        CommandResult.of("doctor").out().lines().noneMatch(line -> line.startsWith("MISSING")));
  }
}
