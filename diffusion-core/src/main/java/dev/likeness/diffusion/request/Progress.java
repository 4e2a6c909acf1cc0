package dev.likeness.diffusion.request;

import dev.likeness.diffusion.error.CancelledException;
import java.util.function.Supplier;

/** Receives the events of long work, on the thread that does it; must return quickly. */
@FunctionalInterface
public interface Progress {
  /** Listens to nothing. */
  Progress SILENT = event -> {};

  void on(ProgressEvent event);

  /** Runs {@code work} and reports how it ended. */
  default <T> T around(Supplier<T> work) {
    T result;
    try {
      result = work.get();
    } catch (CancelledException e) {
      on(new ProgressEvent.Stopped());
      throw e;
    } catch (RuntimeException e) {
      on(new ProgressEvent.Failed(e));
      throw e;
    } catch (Error e) {
      on(new ProgressEvent.Failed(new IllegalStateException(e)));
      throw e;
    }
    on(new ProgressEvent.Done());
    return result;
  }
}
