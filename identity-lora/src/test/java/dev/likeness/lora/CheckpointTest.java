package dev.likeness.lora;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class CheckpointTest {
  private static final Checkpoint KEPT = new Checkpoint(Path.of("state.safetensors"), "owner");

  @Test
  void savesEverySoManyStepsButNotTooOften() {
    assertFalse(new Checkpoint(null, "").isTime(25, null));
    assertFalse(KEPT.isTime(24, null));
    assertTrue(KEPT.isTime(25, null));
    assertFalse(KEPT.isTime(50, System.nanoTime()));
    assertTrue(KEPT.isTime(50, System.nanoTime() - Duration.ofSeconds(21).toNanos()));
    assertFalse(KEPT.isTime(51, System.nanoTime() - Duration.ofSeconds(21).toNanos()));
  }
}
