package dev.likeness.diffusion.request;

import dev.likeness.diffusion.error.CancelledException;

/**
 * A switch that any thread may turn once to stop long work within one step; interrupting the work's
 * thread stops it, too.
 */
public final class Cancellation {
  private final Cancellation parent;
  private volatile boolean cancelled;

  /** A switch of its own. */
  public Cancellation() {
    this(null);
  }

  private Cancellation(Cancellation parent) {
    this.parent = parent;
  }

  /** A switch for a part of the work: this one turns it, too, but not it this one. */
  public Cancellation child() {
    return new Cancellation(this);
  }

  /** Asks the work to stop; it ends with {@link CancelledException}. */
  public void cancel() {
    cancelled = true;
  }

  public boolean isCancelled() {
    return cancelled || parent != null && parent.isCancelled();
  }

  /** Called by the work between steps; a thread that was interrupted stays so. */
  public void throwIfCancelled() {
    if (isCancelled()) {
      throw new CancelledException("cancelled by its caller");
    }
    if (Thread.currentThread().isInterrupted()) {
      throw new CancelledException("cancelled by interrupting its thread");
    }
  }
}
