package dev.likeness.cli.inspect;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.lora.LoraTrainer;
import dev.likeness.lora.training.TrainingOptimizer;
import dev.likeness.lora.training.TrainingSettings;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BaseMemoryTest {
  @TempDir
  private Path folder;

  @Test
  void saysHowATrainingIsMadeToFit() {
    try (BaseModel model = BaseModel.open(PipelineFolder.any("flux/dev", folder), Compute.EXACT)) {
      LoraTrainer asked = BaseMemory.trainer(model);
      TrainingSettings settings = asked.settings();
      int quarter = settings.rank() / 4;
      TrainingSettings recomputed = settings.gradientCheckpointing(true);
      TrainingSettings small = recomputed.optimizer(TrainingOptimizer.ADAMW_8BIT);
      TrainingSettings least = small.rank(quarter);
      assertEquals("yes", BaseMemory.trains(asked, model, asked.memory(model).bytes()));
      assertEquals(
          "with gradient checkpointing", BaseMemory.trains(asked, model, bytes(recomputed, model)));
      assertEquals(
          "with gradient checkpointing, 8-bit AdamW",
          BaseMemory.trains(asked, model, bytes(small, model)));
      assertEquals(
          "with gradient checkpointing, 8-bit AdamW, rank " + quarter,
          BaseMemory.trains(asked, model, bytes(least, model)));
      assertEquals("no", BaseMemory.trains(asked, model, bytes(least, model) - 1));
    }
  }

  private static long bytes(TrainingSettings settings, BaseModel model) {
    return new LoraTrainer(settings).memory(model).bytes();
  }
}
