package dev.likeness.headshots;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.lora.training.TrainingSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PersonTrainerTest {
  @Test
  void stepsFollowTheNumberOfPhotos(@TempDir Path folder) throws IOException {
    Path klein = PipelineFolder.write("klein/base", folder).path();
    try (BaseModel base = BaseModel.open(klein, Compute.EXACT)) {
      PersonTrainer usual = PersonTrainer.on(base);
      assertEquals(List.of(400, 400, 1000, 2000, 2000), steps(usual, 1, 3, 10, 20, 30));

      PersonTrainer ranked = usual.settings(settings -> settings.rank(3));
      assertEquals(List.of(400, 1000), steps(ranked, 3, 10), "the steps are not changed");
      assertEquals(3, ranked.settings(10).rank());

      PersonTrainer short7 = ranked.settings(settings -> settings.steps(7));
      assertEquals(List.of(7, 7), steps(short7, 3, 10));
      assertEquals(3, short7.settings(3).rank(), "the earlier change stays");

      TrainingSettings own = TrainingSettings.quick();
      assertEquals(own, usual.settings(own).settings(3));
      assertEquals(List.of("selfie of %s"), usual.settings(5).captions());
    }
  }

  private static List<Integer> steps(PersonTrainer trainer, int... photos) {
    return IntStream.of(photos)
        .mapToObj(count -> trainer.settings(count).steps())
        .toList();
  }
}
