package dev.likeness.cli.console;

import dev.likeness.diffusion.request.Cancellation;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Handles Ctrl-C: cancels the work and lets the JVM end only after the work has ended, so that no
 * file is left incomplete. The JVM then ends with 130, the status of an interrupted process.
 */
public final class Interrupt {
  /** The maximum time to wait for a step. After it, unfinished files still have temporary names. */
  private static final long PATIENCE_SECONDS = 120;

  private final CountDownLatch ended = new CountDownLatch(1);

  private Interrupt() {}

  /** Installs a handler that cancels {@code cancellation} if the process is asked to end. */
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
