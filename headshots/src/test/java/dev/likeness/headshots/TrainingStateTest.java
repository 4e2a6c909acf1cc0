package dev.likeness.headshots;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.training.TrainingStateFile;
import java.nio.file.Path;
import java.util.Map;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingStateTest {
  @TempDir
  private Path folder;

  @Test
  void readsTheTrainingUnderTheNewAndTheOldKey() {
    Path state = TrainingState.file(folder, 1);
    String name = state.getFileName().toString();
    for (String key : new String[] {"likeness.training_state", "likeness.run"}) {
      Path person = write(key, name);
      assertEquals(name, TrainingStateFile.owner(person), key);
      assertTrue(TrainingState.matches(person, state), key);
      assertFalse(TrainingState.matches(person, TrainingState.file(folder, 2)), key);
      assertTrue(TrainingStateFile.exists(person, name, "photos"), key);
    }
    assertFalse(TrainingState.matches(write("likeness.kind", name), state));
  }

  private Path write(String key, String value) {
    Path file = folder.resolve(key + ".safetensors");
    try (TensorScope scope = TensorScope.open()) {
      SafetensorsWriter.write(file, Map.of("numbers", torch.ones(2)), Map.of(key, value));
    }
    return file;
  }
}
