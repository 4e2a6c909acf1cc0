package dev.likeness.diffusion.internal.tensor;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * Who uses a model, a ControlNet or an adapter, so that it is closed once nobody does. Thread-safe.
 */
public final class UsageLock {
  /** The thread whose work a thread's is part of, and which waits for it; mostly itself. */
  public static final ThreadLocal<Thread> OWNER_THREAD =
      ThreadLocal.withInitial(Thread::currentThread);

  private final String name;
  private final List<Thread> holders = new ArrayList<>();
  private boolean closed;

  /** {@code name} is what errors say. */
  public UsageLock(String name) {
    this.name = name;
  }

  /** Does work that all of these stay open for. */
  public static <T> T callWhileOpen(List<UsageLock> all, Supplier<T> work) {
    return all.isEmpty()
        ? work.get()
        : all.get(0).callWhileOpen(false, () -> callWhileOpen(all.subList(1, all.size()), work));
  }

  /** Does work that this stays open for; {@code alone} once no other drawing uses it. */
  public <T> T callWhileOpen(boolean alone, Supplier<T> work) {
    acquire(alone);
    try {
      return work.get();
    } finally {
      release();
    }
  }

  // What is refused must not wait: the drawing that a closing waits for may itself wait for it. A
  // listener's own is part of its drawing.
  private synchronized void acquire(boolean alone) {
    Thread drawing = OWNER_THREAD.get();
    BooleanSupplier others = () -> holders.stream().anyMatch(other -> other != drawing);
    if (alone
        && holders.contains(drawing)
        && (others.getAsBoolean() || drawing != Thread.currentThread())) {
      throw new IllegalStateException(name
          + " is drawing, and what a sparing one is asked waits until nothing is drawn; ask when"
          + " the drawing has ended");
    }
    waitWhile(() -> alone && !closed && others.getAsBoolean());
    if (closed && !holders.contains(drawing)) {
      throw new IllegalStateException(name + " is closed; open it again to draw with it");
    }
    holders.add(drawing);
  }

  private synchronized void release() {
    holders.remove(OWNER_THREAD.get());
    notifyAll();
  }

  /**
   * Refuses new work, waits for what is under way unless it is this thread's own, and frees;
   * whoever calls it again waits likewise.
   */
  public synchronized void close(Runnable freeing) {
    if (holders.contains(OWNER_THREAD.get())) {
      throw new IllegalStateException(
          name + " is drawing on this thread, which would wait for itself; close it when"
              + " the drawing has ended, which a Cancellation hastens");
    }
    closed = true;
    waitWhile(() -> !holders.isEmpty());
    freeing.run();
  }

  private synchronized void waitWhile(BooleanSupplier busy) {
    boolean interrupted = false;
    while (busy.getAsBoolean()) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
