package dev.likeness.portrait.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.diffusion.tensor.NoTensorLeaks;
import dev.likeness.diffusion.tensor.NoiseSource;
import dev.likeness.diffusion.tensor.TensorScope;
import dev.likeness.diffusion.training.Objective;
import dev.likeness.diffusion.weights.SafetensorsWriter;
import dev.likeness.schedulers.SchedulerConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
class DiffusionTrainingTest {
  private static final int VOCABULARY = 20;
  private static final DiffusionTraining.Recipe RECIPE = new DiffusionTraining.Recipe(4, 2, 1e-3);

  @Test
  void endsAtTheSameBitsWhenItIsStoppedAndGoneOnWith(@TempDir Path folder) throws IOException {
    try (LatentSet data = data(folder)) {
      Path unbroken = folder.resolve("unbroken.safetensors");
      Path broken = folder.resolve("broken.safetensors");
      training(data).run(unbroken, RECIPE, () -> { });
      int[] saves = new int[1];
      training(data).runTo(broken, RECIPE, 3, () -> saves[0]++);
      training(data).run(broken, RECIPE, () -> saves[0]++);
      assertEquals(2, saves[0]);
      assertArrayEquals(Files.readAllBytes(unbroken), Files.readAllBytes(broken));
    }
  }

  private static DiffusionTraining training(LatentSet data) {
    SchedulerConfig scheduler = SchedulerConfig.of(Architecture.scheduler());
    return new DiffusionTraining(data, new Objective(scheduler.schedule(), scheduler.prediction(), 5), VOCABULARY, 1);
  }

  private static LatentSet data(Path folder) {
    Path file = folder.resolve("latents.safetensors");
    try (TensorScope scope = TensorScope.open(); NoiseSource noise = NoiseSource.seeded(1)) {
      SafetensorsWriter.write(file, Map.of("latents", noise.next(6, 8, 32, 32).squeeze(0).to(ScalarType.Half),
          "tokens", torch.ones(6, 3, Architecture.TOKENS).to(ScalarType.Short)), Map.of());
    }
    return new LatentSet(List.of(file), new int[Architecture.TOKENS]);
  }
}
