package dev.likeness.lora.internal.training;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class TrainingCheckpointTest {
  private static final TrainingCheckpoint KEPT =
      new TrainingCheckpoint(Path.of("state.safetensors"), "owner");

  @Test
  void savesEverySoManyStepsButNotTooOften() {
    assertFalse(new TrainingCheckpoint(null, "").isTime(25, 0, 100, 1));
    assertFalse(KEPT.isTime(24, 0, 100, 1));
    assertTrue(KEPT.isTime(25, 0, 100, 1));
    assertFalse(KEPT.isTime(50, 3, 299, 1));
    assertTrue(KEPT.isTime(50, 3, 300, 1));
    assertFalse(KEPT.isTime(51, 3, 300, 1));
    assertTrue(KEPT.isTime(50, 3, 299, 120_000_000_000L), "much would be lost");
    assertTrue(KEPT.isTime(1, 3, 299, 120_000_000_000L), "a step may take that long");
  }
}
