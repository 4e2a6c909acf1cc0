package dev.likeness.headshots.score;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.model.ModelExtras.Extra;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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
    for (String json :
        List.of("{\"SHARPEN\": 0.6}", "null", "{\"\\u001b[2J\\nwarning: x\": 1}", "{\u0007")) {
      Files.writeString(Extra.SCORE_LIMITS.at(files), json);
      try (BaseModel base = GoldenFolder.load(files)) {
        String said = assertThrows(InvalidInputException.class, () -> ScoreLimits.of(base))
            .getMessage();
        assertTrue(
            said.startsWith(Extra.SCORE_LIMITS.at(files) + " is not readable as score limits"),
            said);
        assertTrue(said.codePoints().noneMatch(Quoted::isHidden), said);
      }
    }
  }
}
