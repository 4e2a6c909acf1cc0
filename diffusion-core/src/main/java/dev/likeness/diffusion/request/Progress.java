package dev.likeness.diffusion.request;

import dev.likeness.diffusion.error.CancelledException;
import java.util.function.Supplier;

/**
 * Receives the events of long work. The thread that does the work calls the listener. If work is
 * cancelled while it waits in a queue, the thread that cancels the work calls the listener.
 * Listeners must return quickly.
 */
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

  /**
   * Receives the events of all generations and trainings on a base model, for metrics and traces.
   * {@code BaseModel.observed} adds an observer to a model. Implementations must be thread-safe.
   */
  @FunctionalInterface
  interface Observer {
    /**
     * The library calls this method on the working thread when a generation or training starts. An
     * exception of the observer or its listener ends the work.
     *
     * @param work the work that starts
     * @return a listener for the events of this work. The listener receives the terminal event last
     */
    Progress onStart(Work work);
  }

  /**
   * A generation or a training that is observed. The record contains no personal data.
   *
   * @param kind generation or training
   * @param model the name of the base model
   * @param images the number of images to generate, or of images to train on
   */
  record Work(Kind kind, String model, int images) {
    /** The kind of work. */
    public enum Kind {
      /** Images are generated, including the validation images of a training. */
      GENERATION,
      /** An adapter or a whole model is trained. */
      TRAINING
    }
  }
}
