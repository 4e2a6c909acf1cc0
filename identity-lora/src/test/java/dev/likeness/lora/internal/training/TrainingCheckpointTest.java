package dev.likeness.lora.internal.training;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class TrainingCheckpointTest {
  private static final TrainingCheckpoint KEPT =
      new TrainingCheckpoint(Path.of("state.safetensors"), 0, "owner");

  @Test
  void savesAtAnIntervalButNotTooOften() {
    assertFalse(new TrainingCheckpoint(null, 0, "").isDue(25, 0, 100, 1));
    assertFalse(KEPT.isDue(24, 0, 100, 1));
    assertTrue(KEPT.isDue(25, 0, 100, 1));
    assertFalse(KEPT.isDue(50, 3, 299, 1));
    assertTrue(KEPT.isDue(50, 3, 300, 1));
    assertFalse(KEPT.isDue(51, 3, 300, 1));
    assertTrue(KEPT.isDue(50, 3, 299, 120_000_000_000L), "much would be lost");
    assertTrue(KEPT.isDue(1, 3, 299, 120_000_000_000L), "a step may take that long");
  }

  @Test
  void savesAtAGivenIntervalHoweverLongSavingTakes() {
    TrainingCheckpoint given = new TrainingCheckpoint(KEPT.file(), 20, "owner");
    assertTrue(given.isDue(20, 0, 100, 1));
    assertTrue(given.isDue(40, 100, 100, 1));
    assertFalse(given.isDue(25, 0, 100, 1));
    assertTrue(given.isDue(1, 3, 299, 120_000_000_000L), "a step may take that long");
    assertFalse(new TrainingCheckpoint(null, 20, "").isDue(20, 0, 100, 1));
  }
}
