package dev.likeness.diffusion.request;

import dev.likeness.diffusion.error.CancelledException;
import java.util.function.Supplier;

/** Receives the events of long work, on the thread that does it; must return quickly. */
@FunctionalInterface
public interface Progress {
  /** Listens to nothing. */
  Progress SILENT = event -> {};

  void onEvent(ProgressEvent event);

  /** Runs {@code work} and reports how it ended. */
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
