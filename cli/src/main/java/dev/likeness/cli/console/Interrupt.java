package dev.likeness.cli.console;

import dev.likeness.diffusion.internal.io.TemporaryFiles;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;
import sun.misc.Signal;

/**
 * Handles Ctrl-C. The first one cancels the work, which then ends the process with 130, the status
 * of an interrupted process. The second one ends the process at once, after its temporary files are
 * deleted. SIGTERM does the same, with status 143.
 *
 * <p>The JVM's own handler cannot do this: its first signal begins the shutdown, and later ones
 * wait for it.
 */
public final class Interrupt {
  /** The maximum time to wait for work that was cancelled. After it, the process ends at once. */
  private static final long PATIENCE_SECONDS = 120;

  /** The time after which the command says how to end the process at once. */
  private static final long NOTICE_SECONDS = 2;

  private static final long DELETION_SECONDS = 1;
  private static final int SIGNAL_BASE = 128;

  private final Console console;
  private final CountDownLatch ended = new CountDownLatch(1);
  private final AtomicInteger first = new AtomicInteger();

  private Interrupt(Console console) {
    this.console = console;
  }

  /**
   * Runs the work of a program and ends the JVM with the exit status that it returns. If the
   * process is asked to end, the work is cancelled.
   */
  public static void exit(Console console, IntSupplier work) {
    Interrupt interrupt = install(console);
    int status = ExitStatus.DEFECT.code();
    try {
      status = console.cancellation().run(work::getAsInt);
    } finally {
      interrupt.ended.countDown();
    }
    System.exit(status == ExitStatus.CANCELLED.code() ? interrupt.exitStatus() : status);
  }

  // A JVM without signal handling, and a lost terminal, cancel the work while the JVM shuts down.
  private static Interrupt install(Console console) {
    Interrupt interrupt = new Interrupt(console);
    for (String name : new String[] {"INT", "TERM"}) {
      try {
        Signal.handle(new Signal(name), signal -> interrupt.onSignal(signal.getNumber()));
      } catch (IllegalArgumentException unknownOrReserved) {
        // The shutdown hook is left.
      }
    }
    Runtime.getRuntime()
        .addShutdownHook(new Thread(interrupt::cancelAndWait, "likeness-interrupt"));
    return interrupt;
  }

  // Of cancelled work: 128 plus the number of the signal.
  private int exitStatus() {
    return first.get() == 0 ? ExitStatus.CANCELLED.code() : SIGNAL_BASE + first.get();
  }

  // The JVM starts a thread for each signal.
  private void onSignal(int number) {
    if (!first.compareAndSet(0, number)) {
      endAtOnce(SIGNAL_BASE + number);
    }
    console.cancellation().cancel();
    if (!awaitEnd(NOTICE_SECONDS)) {
      console.printError("cancelling after this part of the work; Ctrl-C again ends at once");
    }
    if (!awaitEnd(PATIENCE_SECONDS - NOTICE_SECONDS)) {
      endAtOnce(exitStatus());
    }
  }

  // A file system may wait for a thread that still works, so that deleting has little time.
  private static void endAtOnce(int status) {
    Thread deleting = new Thread(TemporaryFiles::deleteForEver, "likeness-temporary-files");
    deleting.setDaemon(true);
    deleting.start();
    try {
      deleting.join(TimeUnit.SECONDS.toMillis(DELETION_SECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Runtime.getRuntime().halt(status);
  }

  private void cancelAndWait() {
    console.cancellation().cancel();
    awaitEnd(PATIENCE_SECONDS);
  }

  private boolean awaitEnd(long seconds) {
    try {
      return ended.await(seconds, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
