package dev.likeness.diffusion.internal.io;

import java.util.concurrent.Callable;
import java.util.function.Supplier;

/**
 * The work of the current thread, which its caller may cancel. Code that splits long work asks
 * {@link #throwIfCancelled()} before each part: a scope of tensors, a layer, a slice, a tensor of a
 * file, a photo. So layers need no parameter for the cancellation.
 */
public final class CurrentWork {
  /** Throws an exception if the caller has cancelled the work. */
  @FunctionalInterface
  public interface Check {
    void throwIfCancelled();
  }

  private static final Check NONE = () -> {};
  private static final ThreadLocal<Check> CHECK = ThreadLocal.withInitial(() -> NONE);

  private CurrentWork() {}

  /**
   * Throws an exception if the work of this thread was cancelled.
   *
   * @throws dev.likeness.diffusion.error.CancelledException if it was cancelled
   */
  public static void throwIfCancelled() {
    CHECK.get().throwIfCancelled();
  }

  /** Runs work that {@code check} can stop, as can the checks of the work around it. */
  public static <T> T run(Check check, Supplier<T> work) {
    Check outer = CHECK.get();
    Check both = outer == NONE
        ? check
        : () -> {
          outer.throwIfCancelled();
          check.throwIfCancelled();
        };
    return runWith(both, work);
  }

  /**
   * Runs work to its end even if the work around it was cancelled: saving after a cancellation, or
   * a callback of native code, which no exception may leave.
   */
  public static <T> T finish(Supplier<T> work) {
    return runWith(NONE, work);
  }

  /** Runs work to its end even if the work around it was cancelled. */
  public static void finish(Runnable work) {
    finish(() -> {
      work.run();
      return null;
    });
  }

  /** Returns a part of this thread's work for another thread; the same cancellation stops it. */
  public static <T> Callable<T> handOver(Callable<T> part) {
    Check check = CHECK.get();
    return () -> {
      Check own = CHECK.get();
      CHECK.set(check);
      try {
        return part.call();
      } finally {
        CHECK.set(own);
      }
    };
  }

  private static <T> T runWith(Check check, Supplier<T> work) {
    Check outer = CHECK.get();
    CHECK.set(check);
    try {
      return work.get();
    } finally {
      CHECK.set(outer);
    }
  }
}
