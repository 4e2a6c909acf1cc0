package dev.likeness.headshots.score;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.internal.model.ModelExtras.Extra;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScoreLimitsTest {
  @TempDir
  private Path folder;

  @Test
  void areReplacedByLimitsOfTheBase() throws IOException {
    Path files =
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, folder).path();
    try (BaseModel base = GoldenFolder.load(files)) {
      assertEquals(
          ScoreLimits.builtIn().of(ScoreAspect.SHARPNESS),
          ScoreLimits.of(base).of(ScoreAspect.SHARPNESS));
      Files.writeString(Extra.SCORE_LIMITS.at(files), "{\"SHARPNESS\": 0.6}");
      assertEquals(0.6, ScoreLimits.of(base).of(ScoreAspect.SHARPNESS));
      assertEquals(
          ScoreLimits.builtIn().of(ScoreAspect.SKIN_WAX),
          ScoreLimits.of(base).of(ScoreAspect.SKIN_WAX),
          "what it says nothing of");
    }
  }

  @Test
  void refusesAFileThatNamesNoAspect() throws IOException {
    Path files =
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, folder).path();
    Files.writeString(Extra.SCORE_LIMITS.at(files), "{\"SHARPEN\": 0.6}");
    try (BaseModel base = GoldenFolder.load(files)) {
      String said =
          assertThrows(InvalidInputException.class, () -> ScoreLimits.of(base)).getMessage();
      assertTrue(
          said.startsWith(Extra.SCORE_LIMITS.at(files) + " is no file of score limits"), said);
    }
  }
}
