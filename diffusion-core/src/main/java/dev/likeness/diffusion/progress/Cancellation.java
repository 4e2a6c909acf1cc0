package dev.likeness.diffusion.progress;

import dev.likeness.diffusion.error.Cancelled;

/** A switch that any thread may turn once to stop long work within one step. */
public final class Cancellation {
  private volatile boolean requested;

  /** Asks the work to stop; it ends with {@link Cancelled}. */
  public void cancel() {
    requested = true;
  }

  public boolean isRequested() {
    return requested;
  }

  /** Called by the work between steps. */
  public void check() {
    if (requested) {
      throw new Cancelled("cancelled by its caller");
    }
  }
}
