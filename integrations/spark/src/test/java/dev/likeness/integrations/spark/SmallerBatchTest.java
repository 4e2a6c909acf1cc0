package dev.likeness.integrations.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.lora.training.TrainingSettings;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SmallerBatchTest {
  private static final RuntimeException FULL =
      new RuntimeException("CUDA out of memory. Tried to allocate 2.00 GiB");

  @Test
  void aFullMemoryHalvesTheBatchInsideTheTask() {
    List<Integer> sizes = new ArrayList<>();
    List<String> results = SmallerBatch.compute(
        List.of(1, 2, 3, 4, 5, 6, 7),
        8,
        part -> {
          sizes.add(part.size());
          if (part.size() > 2) {
            throw FULL;
          }
          return part.stream().map(String::valueOf).toList();
        },
        () -> sizes.add(-1));
    assertEquals(List.of("1", "2", "3", "4", "5", "6", "7"), results);
    assertEquals(List.of(7, -1, 3, -1, 1, 1, 1, 1, 1, 1, 1), sizes);
  }

  @Test
  void oneItemThatDoesNotFitIsNamedAsSuch() {
    ResourceLimitException named = assertThrows(
        ResourceLimitException.class,
        () -> SmallerBatch.compute(
            List.of(1, 2),
            2,
            part -> {
              throw FULL;
            },
            () -> {}));
    assertEquals(
        "memory is short even for the smallest batch; give the executors more memory, or set a"
            + " smaller image size",
        named.getMessage());
    assertEquals(FULL, named.getCause());
  }

  @Test
  void aTrainingKeepsItsImagesForEachStep() {
    List<TrainingSettings> tried = new ArrayList<>();
    TrainingSettings asked = TrainingSettings.balanced().batchSize(4);
    TrainingSettings fits = SmallerBatch.train(
        asked,
        settings -> {
          tried.add(settings);
          if (settings.batchSize() > 1) {
            throw FULL;
          }
          return settings;
        },
        () -> {});
    assertEquals(
        List.of(4, 2, 1), tried.stream().map(TrainingSettings::batchSize).toList());
    int images = 4 * asked.gradientAccumulationSteps();
    tried.forEach(settings ->
        assertEquals(images, settings.batchSize() * settings.gradientAccumulationSteps()));
    assertEquals(1, fits.batchSize());
  }

  @Test
  void otherFailuresAreNotRepeated() {
    IllegalStateException other = new IllegalStateException("something else");
    assertEquals(
        other,
        assertThrows(
            IllegalStateException.class,
            () -> SmallerBatch.compute(
                List.of(1, 2),
                2,
                part -> {
                  throw other;
                },
                () -> {})));
  }
}
