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
    int parts = count(least, work);
    cancelAfter(Math.max(1, parts / 2), work);
    return parts;
  }

  /**
   * Runs {@code work} once to count its parts, and then cancels it after the first part, the last
   * but one, and at places evenly between. Whatever the work does at that moment, it ends with a
   * {@link CancelledException}, not with another error that wraps it.
   *
   * @param places the number of places between the first and the last
   */
  public static void stopsAnywhere(int places, Runnable work) {
    int parts = count(places, work);
    for (int place = 0; place <= places; place++) {
      cancelAfter(1 + (parts - 2) * place / places, work);
    }
  }

  private static int count(int least, Runnable work) {
    AtomicInteger parts = new AtomicInteger();
    CurrentWork.run(parts::incrementAndGet, () -> run(work));
    assertTrue(
        parts.get() >= least,
        () -> "the work has " + parts.get() + " parts, expected at least " + least);
    return parts.get();
  }

  private static void cancelAfter(int last, Runnable work) {
    AtomicInteger begun = new AtomicInteger();
    Cancellation cancellation = new Cancellation();
    assertThrows(
        CancelledException.class,
        () -> CurrentWork.run(
            () -> {
              cancellation.throwIfCancelled();
              if (begun.incrementAndGet() == last) {
                cancellation.cancel();
              }
            },
            () -> run(work)),
        () -> "cancelled after part " + last);
    assertEquals(last, begun.get(), "parts began after the cancellation");
  }

  private static Void run(Runnable work) {
    work.run();
    return null;
  }
}
