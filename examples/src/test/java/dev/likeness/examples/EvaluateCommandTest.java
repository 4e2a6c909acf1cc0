package dev.likeness.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.cli.CommandRun;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluateCommandTest {
  @TempDir
  private Path folder;

  @Test
  void drawsPromptsAndGoesOnWithWhatWasDrawn() {
    CommandRun stopped = CommandRun.cancelledAt(
        "prompts", "evaluate", "portrait", "--quick", "--people", "0", "--out", folder.toString());
    assertEquals(130, stopped.status(), stopped.err());
    assertTrue(Files.exists(folder.resolve("evaluation.json")), stopped.err());
  }

  @Test
  void saysWhatItNeeds() {
    assertEquals(
        List.of("Missing required parameter: 'MODEL' (try likeness evaluate --help)"),
        CommandRun.of("evaluate").complaints());
    assertTrue(CommandRun.of("evaluate", "--help").out().contains("(default: evaluation)"));
    Path missing = folder.resolve("nowhere");
    assertEquals(
        3,
        CommandRun.of("evaluate", missing.toString(), "--out", folder.toString())
            .status());
    assertEquals(
        List.of(
            "an evaluation needs 2 prompts, 2 pictures alike, 1 training picture, 1 step and no negative number"
                + " of people; given 1, 16, 10000, 30, 20"),
        CommandRun.of("evaluate", "portrait", "--prompts", "1", "--out", folder.toString())
            .complaints());
  }
}
