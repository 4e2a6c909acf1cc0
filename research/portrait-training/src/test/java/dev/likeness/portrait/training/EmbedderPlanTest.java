package dev.likeness.portrait.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbedderPlanTest {
  @TempDir
  private Path folder;

  @Test
  void isTheJudgesWhereNothingIsSaid() {
    assertEquals(EmbedderPlan.judge(7, 30), plan());
    assertNull(plan().first());
  }

  @Test
  void guideIsWhatItsWordsSay() {
    EmbedderPlan guide = plan("gray=0", "channels=24,32,48,80");
    assertEquals(EmbedderPlan.guide(7, 30), guide);
    assertEquals("seed=7 people=30 steps=9 gray=0.0 channels=24,32,48,80", guide.numbers(9));
  }

  @Test
  void isAsWideAsWhatItGoesOnFrom() throws IOException {
    Files.writeString(folder.resolve("config.json"), "{\"block_out_channels\": [8, 8, 16, 16]}");
    EmbedderPlan further = plan("start=" + folder);
    assertEquals(List.of(8, 8, 16, 16), further.channels());
    assertEquals(folder.resolve("model.safetensors"), further.first());
  }

  @Test
  void refusesWhatItDoesNotKnow() {
    assertThrows(IllegalArgumentException.class, () -> plan("grey=0"));
  }

  private static EmbedderPlan plan(String... named) {
    return EmbedderPlan.of(7, 30, Named.of(List.of(named), EmbedderPlan.NAMES));
  }
}
