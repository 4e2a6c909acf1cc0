package dev.likeness.diffusion.request;

import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.internal.io.CurrentWork;
import java.util.function.Supplier;

/**
 * A switch that stops long work before its next part: the next block of a network, tile, tensor of
 * a file, or photo. Any thread may call {@link #cancel()}. A cancellation cannot be undone.
 *
 * <p>Interrupting the working thread stops the work too. {@link #run} also stops work that takes no
 * cancellation, such as opening a base, reviewing photos or converting a checkpoint.
 */
public final class Cancellation {
  private final Cancellation parent;
  private volatile boolean cancelled;

  /** Creates a cancellation without a parent. */
  public Cancellation() {
    this(null);
  }

  private Cancellation(Cancellation parent) {
    this.parent = parent;
  }

  /**
   * {@return a cancellation for a part of the work} Cancelling this object also cancels the child.
   * Cancelling the child does not cancel this object.
   */
  public Cancellation child() {
    return new Cancellation(this);
  }

  /** Stops the work. The work then throws a {@link CancelledException}. */
  public void cancel() {
    cancelled = true;
  }

  /**
   * Runs work on this thread that this cancellation stops, with all operations of the library in
   * it. Work that surrounds this call, and its cancellation, stop it too.
   *
   * @param <T> the type of the result
   * @param work the work
   * @return the result of {@code work}
   * @throws CancelledException if {@code work} was cancelled. Other exceptions of {@code work} are
   *     thrown unchanged
   */
  public <T> T run(Supplier<T> work) {
    return CurrentWork.run(this::throwIfCancelled, work);
  }

  /** {@return true if this cancellation or its parent was cancelled} */
  public boolean isCancelled() {
    return cancelled || parent != null && parent.isCancelled();
  }

  /**
   * Throws an exception if the work was cancelled or the thread was interrupted. Long work calls
   * this method between steps. An interrupted thread stays interrupted.
   *
   * @throws CancelledException if this cancellation or its parent was cancelled, or if the thread
   *     was interrupted
   */
  public void throwIfCancelled() {
    if (isCancelled()) {
      throw new CancelledException("cancelled by its caller");
    }
    if (Thread.currentThread().isInterrupted()) {
      throw new CancelledException("cancelled by interrupting its thread");
    }
  }
}
