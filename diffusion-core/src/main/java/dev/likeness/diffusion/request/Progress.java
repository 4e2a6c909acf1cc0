package dev.likeness.diffusion.request;

import dev.likeness.diffusion.error.CancelledException;
import java.util.function.Supplier;

/** Receives the events of long work, on the working thread. Listeners must return quickly. */
@FunctionalInterface
public interface Progress {
  /** Ignores every event. */
  Progress SILENT = event -> {};

  /**
   * Receives an event.
   *
   * @param event the event
   */
  void onEvent(ProgressEvent event);

  /**
   * Runs work and reports its terminal event: done, cancelled or failed.
   *
   * @param <T> the type of the result
   * @param work the work, which may report further events
   * @return the result of {@code work}
   * @throws CancelledException if {@code work} was cancelled. Other exceptions of {@code work} are
   *     thrown unchanged
   */
  default <T> T reportOutcome(Supplier<T> work) {
    T result;
    try {
      result = work.get();
    } catch (CancelledException e) {
      onEvent(new ProgressEvent.Cancelled());
      throw e;
    } catch (RuntimeException e) {
      onEvent(new ProgressEvent.Failed(e));
      throw e;
    } catch (Error e) {
      onEvent(new ProgressEvent.Failed(new IllegalStateException(e)));
      throw e;
    }
    onEvent(new ProgressEvent.Done());
    return result;
  }
}
