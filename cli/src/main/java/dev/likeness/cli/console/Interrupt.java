package dev.likeness.cli.console;

import dev.likeness.diffusion.request.Cancellation;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Ctrl-C: asks the work to stop and lets the JVM end only when it has, so that no file is left
 * half-written. The JVM itself then ends with 130, the status of an interrupted process.
 */
public final class Interrupt {
  /**
   * A step that takes longer than this is abandoned; unfinished files have temporary names by then.
   */
  private static final long PATIENCE_SECONDS = 120;

  private final CountDownLatch ended = new CountDownLatch(1);

  private Interrupt() {}

  /** Turns {@code cancellation} when the process is asked to end. */
  public static Interrupt install(Cancellation cancellation) {
    Interrupt interrupt = new Interrupt();
    Runtime.getRuntime()
        .addShutdownHook(new Thread(() -> interrupt.stop(cancellation), "likeness-interrupt"));
    return interrupt;
  }

  /** Reports that the work has ended, normally or not. */
  public void workEnded() {
    ended.countDown();
  }

  private void stop(Cancellation cancellation) {
    cancellation.cancel();
    try {
      ended.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
