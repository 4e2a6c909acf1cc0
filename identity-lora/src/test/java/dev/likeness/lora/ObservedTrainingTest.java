package dev.likeness.lora;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingSet;
import dev.likeness.lora.training.TrainingSettings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An observer of a base receives the events of the trainings on it. */
class ObservedTrainingTest {
  @TempDir
  private static Path folder;

  @Test
  void reportsATraining() {
    List<Progress.Work> started = new ArrayList<>();
    List<ProgressEvent> events = new ArrayList<>();
    List<ProgressEvent> own = new ArrayList<>();
    RgbImage image = RgbImage.of(32, 32, new byte[32 * 32 * 3]);
    TrainingSet set = TrainingSet.of(List.of(image, image), PersonToken.of("woman"));
    try (BaseModel base = GoldenFolder.load(
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, folder).path())) {
      BaseModel observed = base.observed(work -> {
        started.add(work);
        return events::add;
      });
      new LoraTrainer(TrainingSettings.quick().steps(1))
          .train(observed, set, Run.of(own::add))
          .close();
      assertEquals(
          List.of(new Progress.Work(Progress.Work.Kind.TRAINING, base.name(), 2)), started);
    }
    assertEquals(own, events);
    assertTrue(events.stream()
        .anyMatch(
            event -> event instanceof ProgressEvent.Step step && step.phase().equals("train")));
    assertInstanceOf(ProgressEvent.Done.class, events.get(events.size() - 1));
  }
}
