package dev.likeness.diffusion;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
@Timeout(60)
class UsageLockTest {
  private static final ImageRequest REQUEST = ImageRequest.of("a cat").steps(2).size(32, 32);

  @Test
  void closingAndOffloadingWaitForGeneration(@TempDir Path folder) throws Exception {
    BaseModel base = BaseModel.open(
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, folder).path(), Compute.EXACT);
    Thread closing = new Thread(base.offloading()::close);
    FutureTask<Object> alone = new FutureTask<>(() -> base.offloading().encode("a cat"));
    Thread sparing = new Thread(alone);
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch shown = new CountDownLatch(1);
    FutureTask<Void> drawing = new FutureTask<>(
        () -> base.offloading()
            .generateEach(
                List.of(REQUEST),
                image -> {
                  begun.countDown();
                  uninterrupted(shown);
                  base.offloading().decode(image.latents());
                  assertTrue(assertThrows(IllegalStateException.class, base::close)
                      .getMessage()
                      .contains("is in use by a generation on this thread"));
                },
                Run.of(event -> {})),
        null);
    new Thread(drawing).start();
    begun.await();
    for (Thread waiting : List.of(sparing, closing)) {
      waiting.start();
      while (waiting.isAlive() && waiting.getState() != Thread.State.WAITING) {
        Thread.onSpinWait();
      }
      assertTrue(waiting.isAlive(), "waits for the drawing");
    }
    String closed = "the model base-current is closed; open it again to generate with it";
    assertEquals(
        closed,
        assertThrows(IllegalStateException.class, () -> base.encode("a cat")).getMessage());
    shown.countDown();
    drawing.get();
    assertThrows(ExecutionException.class, alone::get);
    closing.join();
    assertEquals(
        closed,
        assertThrows(IllegalStateException.class, () -> base.generate(REQUEST)).getMessage());
    base.close();
  }

  private static void uninterrupted(CountDownLatch shown) {
    try {
      shown.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
