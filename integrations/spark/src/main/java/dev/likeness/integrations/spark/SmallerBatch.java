package dev.likeness.integrations.spark;

import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.lora.training.TrainingSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Repeats work in smaller batches if memory is short, inside the same task. */
final class SmallerBatch {
  private SmallerBatch() {}

  /**
   * Returns settings that need less memory for the same number of images in each step of the
   * optimiser: half the batch and twice the batches, and for a batch of one image gradient
   * checkpointing. Empty if there are none.
   */
  static Optional<TrainingSettings> smaller(TrainingSettings settings) {
    if (settings.batchSize() > 1) {
      int parts = settings.batchSize() % 2 == 0 ? 2 : settings.batchSize();
      return Optional.of(settings
          .batchSize(settings.batchSize() / parts)
          .gradientAccumulationSteps(settings.gradientAccumulationSteps() * parts));
    }
    return settings.gradientCheckpointing()
        ? Optional.empty()
        : Optional.of(settings.gradientCheckpointing(true));
  }

  /**
   * Trains, and after each failure for lack of memory trains anew with smaller settings.
   *
   * @param training trains with the given settings
   * @param retried runs before each further attempt
   * @throws ResourceLimitException if memory is short for the smallest settings too
   */
  static <T> T train(
      TrainingSettings settings, Function<TrainingSettings, T> training, Runnable retried) {
    TrainingSettings asked = settings;
    while (true) {
      Throwable full;
      try {
        return training.apply(asked);
      } catch (RuntimeException | OutOfMemoryError e) {
        if (!ResourceLimitException.isOutOfMemory(e)) {
          throw e;
        }
        full = e;
      }
      asked = smaller(asked).orElseThrow(shortOf(full));
      retried.run();
    }
  }

  /**
   * Computes items in batches. A batch that fails for lack of memory is halved.
   *
   * @param batch the largest number of items that are computed together
   * @param work computes items, and returns one result for each
   * @param retried runs before a batch is halved
   * @throws ResourceLimitException if memory is short for one item
   */
  static <A, B> List<B> compute(
      List<A> items, int batch, Function<List<A>, List<B>> work, Runnable retried) {
    List<B> results = new ArrayList<>();
    int size = batch;
    while (results.size() < items.size()) {
      List<A> part = items.subList(results.size(), Math.min(items.size(), results.size() + size));
      try {
        results.addAll(work.apply(part));
      } catch (RuntimeException | OutOfMemoryError e) {
        if (!ResourceLimitException.isOutOfMemory(e)) {
          throw e;
        }
        if (part.size() == 1) {
          throw shortOf(e).get();
        }
        size = Math.max(1, part.size() / 2);
        retried.run();
      }
    }
    return results;
  }

  private static java.util.function.Supplier<ResourceLimitException> shortOf(Throwable full) {
    return () -> new ResourceLimitException(
        "memory is short even for the smallest batch; give the executors more memory, or set a"
            + " smaller image size",
        full);
  }
}
