package dev.likeness.headshots;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.MemoryBudget;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Requests for several images: a job for each, all or none. */
@Timeout(120)
class QueuedImagesTest {
  private static final ImageRequest REQUEST =
      ImageRequest.of("a portrait").steps(2).size(24, 16).seed(5);

  private static BaseModel base;

  @BeforeAll
  static void open(@TempDir Path folder) {
    base = GoldenFolder.load(
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, folder).path());
  }

  @AfterAll
  static void close() {
    base.close();
  }

  @Test
  void eachImageEqualsTheOneThatIsGeneratedAlone() {
    try (GenerationQueue queue = GenerationQueue.on(base, MemoryBudget.unlimited())) {
      List<GeneratedImage> images = queue.generateAll(REQUEST.count(3));
      assertEquals(
          LongStream.of(5, 6, 7)
              .mapToObj(seed -> base.generate(REQUEST.seed(seed)).image())
              .toList(),
          images.stream().map(GeneratedImage::image).toList());
      assertEquals(
          List.of(5L, 6L, 7L), images.stream().map(GeneratedImage::seed).toList());
      assertEquals(base, queue.base());
    }
  }

  @Test
  void aFullQueueTakesNoneOfThem() {
    CountDownLatch started = new CountDownLatch(1);
    CompletableFuture<String> end = new CompletableFuture<>();
    try (GenerationQueue queue = GenerationQueue.on(
        HeadshotStudio.on(base), new GenerationQueue.Options(1, 2, Long.MAX_VALUE))) {
      GenerationJob<String> busy = queue.submit(
          run -> {
            started.countDown();
            return end.join();
          },
          0);
      while (started.getCount() > 0) {
        Thread.onSpinWait();
      }
      assertThrows(
          GenerationQueue.QueueFullException.class, () -> queue.generateAll(REQUEST.count(5)));
      assertEquals(0, queue.waiting());
      Thread.currentThread().interrupt();
      CancelledException stopped =
          assertThrows(CancelledException.class, () -> queue.generateAll(REQUEST.count(2)));
      assertTrue(Thread.interrupted());
      assertEquals(
          "interrupted while waiting for a job of the studio's queue", stopped.getMessage());
      assertEquals(0, queue.waiting());
      end.complete("done");
      assertEquals("done", busy.join());
      assertEquals(2, queue.generateAll(REQUEST.count(2)).size());
    }
  }

  @Test
  void wrongAndLargeRequestsAreRefused() {
    try (GenerationQueue queue = GenerationQueue.on(base, MemoryBudget.ofBytes(1 << 10))) {
      assertThrows(ResourceLimitException.class, () -> queue.generateAll(REQUEST.count(2)));
      assertThrows(
          IllegalArgumentException.class,
          () -> queue.generateAll(REQUEST.scheduler("none such").count(2)));
    }
    GenerationQueue closed = GenerationQueue.on(base, MemoryBudget.unlimited());
    closed.close();
    assertThrows(IllegalStateException.class, () -> closed.generateAll(REQUEST));
  }
}
