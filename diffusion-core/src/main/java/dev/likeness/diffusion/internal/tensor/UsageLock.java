package dev.likeness.diffusion.internal.tensor;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * Counts the users of a model, a ControlNet or an adapter, so that it is closed after the last one.
 * Thread-safe.
 */
public final class UsageLock {
  /**
   * The thread on whose behalf a thread works and which waits for it; usually the thread itself.
   */
  public static final ThreadLocal<Thread> OWNER_THREAD =
      ThreadLocal.withInitial(Thread::currentThread);

  private final String name;
  private final List<Thread> holders = new ArrayList<>();
  private boolean closed;

  /** Creates a lock; {@code name} is its name in error messages. */
  public UsageLock(String name) {
    this.name = name;
  }

  /** Runs {@code work} and keeps all of these open meanwhile. */
  public static <T> T callWhileOpen(List<UsageLock> all, Supplier<T> work) {
    return all.isEmpty()
        ? work.get()
        : all.get(0).callWhileOpen(false, () -> callWhileOpen(all.subList(1, all.size()), work));
  }

  /**
   * Runs {@code work} and keeps this open meanwhile; if {@code alone}, waits for all other users
   * first.
   */
  public <T> T callWhileOpen(boolean alone, Supplier<T> work) {
    acquire(alone);
    try {
      return work.get();
    } finally {
      release();
    }
  }

  /** Runs {@code work} if this is open and nothing uses it now; returns true if it ran. */
  public synchronized boolean runIfUnused(Runnable work) {
    if (closed || !holders.isEmpty()) {
      return false;
    }
    work.run();
    return true;
  }

  // A refused call must fail at once instead of waiting: the generation that close waits for may
  // itself wait for this call. A call by a listener belongs to its generation.
  private synchronized void acquire(boolean alone) {
    Thread owner = OWNER_THREAD.get();
    BooleanSupplier others = () -> holders.stream().anyMatch(other -> other != owner);
    if (alone
        && holders.contains(owner)
        && (others.getAsBoolean() || owner != Thread.currentThread())) {
      throw new IllegalStateException(name
          + " is in use by a generation, and an offloading model serves one call at a time; call it"
          + " when the generation has ended");
    }
    waitWhile(() -> alone && !closed && others.getAsBoolean());
    if (closed && !holders.contains(owner)) {
      throw new IllegalStateException(name + " is closed; open it again to generate with it");
    }
    holders.add(owner);
  }

  private synchronized void release() {
    holders.remove(OWNER_THREAD.get());
    notifyAll();
  }

  /**
   * Refuses new work, waits for current work of other threads, and frees. A second call waits too.
   */
  public synchronized void close(Runnable freeing) {
    if (holders.contains(OWNER_THREAD.get())) {
      throw new IllegalStateException(
          name + " is in use by a generation on this thread, so close would wait for itself; close"
              + " it when the generation has ended (a Cancellation ends it early)");
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
