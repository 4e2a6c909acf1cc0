package dev.likeness.diffusion.request;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.internal.io.CurrentWork;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Cancels work in its middle. The parts of the work are counted, so that no duration decides: work
 * that is divided into enough parts, and begins none after its cancellation, ends soon.
 */
public final class CancelledHalfway {
  private CancelledHalfway() {}

  /**
   * Runs {@code work} once to count its parts and once to cancel it when half of them are done.
   * Checks that no further part begins.
   *
   * @param least the number of parts into which the work must be divided
   * @return the number of parts of the whole work
   */
  public static int stops(int least, Runnable work) {
    AtomicInteger parts = new AtomicInteger();
    CurrentWork.run(parts::incrementAndGet, () -> run(work));
    assertTrue(
        parts.get() >= least,
        () -> "the work has " + parts.get() + " parts, expected at least " + least);
    AtomicInteger begun = new AtomicInteger();
    Cancellation cancellation = new Cancellation();
    int half = Math.max(1, parts.get() / 2);
    assertThrows(
        CancelledException.class,
        () -> CurrentWork.run(
            () -> {
              cancellation.throwIfCancelled();
              if (begun.incrementAndGet() == half) {
                cancellation.cancel();
              }
            },
            () -> run(work)));
    assertEquals(half, begun.get(), "parts began after the cancellation");
    return parts.get();
  }

  private static Void run(Runnable work) {
    work.run();
    return null;
  }
}
