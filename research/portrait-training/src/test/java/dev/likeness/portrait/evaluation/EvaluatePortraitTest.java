package dev.likeness.portrait.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.portrait.ProgramRun;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluatePortraitTest {
  @TempDir
  private Path folder;

  @Test
  void drawsPromptsAndGoesOnWithWhatWasDrawn() {
    ProgramRun stopped = ProgramRun.of(
        EvaluatePortrait::new,
        "prompts",
        "portrait",
        "--quick",
        "--people",
        "0",
        "--out",
        folder.toString());
    assertEquals(130, stopped.status(), stopped.err());
    assertTrue(Files.exists(folder.resolve("evaluation.json")), stopped.err());
  }

  @Test
  void saysWhatItNeeds() {
    assertEquals(
        List.of("Missing required parameter: 'MODEL' (try EvaluatePortrait --help)"),
        ProgramRun.of(EvaluatePortrait::new, null).complaints());
    assertTrue(ProgramRun.of(EvaluatePortrait::new, null, "--help")
        .out()
        .contains("(default: evaluation)"));
    Path missing = folder.resolve("nowhere");
    assertEquals(
        3,
        ProgramRun.of(EvaluatePortrait::new, null, missing.toString(), "--out", folder.toString())
            .status());
    assertEquals(
        List.of(
            "an evaluation needs 2 prompts, 2 images alike, 1 training image, 1 step and no negative number"
                + " of people; given 1, 16, 10000, 30, 20"),
        ProgramRun.of(
                EvaluatePortrait::new,
                null,
                "portrait",
                "--prompts",
                "1",
                "--out",
                folder.toString())
            .complaints());
  }
}
