package dev.likeness.diffusion.request;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * One run of a long operation, such as a generation or a training: who receives its progress, and
 * what cancels it. An operation that is called without a run reports nothing, and only a
 * {@link Cancellation#run} around it can cancel it.
 *
 * @param progress receives the events of the operation: phases, steps, notices, and a last event
 *     that says whether the operation is done, failed or was cancelled
 * @param cancellation a switch that stops the operation before its next part
 */
public record Run(Progress progress, Cancellation cancellation) {
  /** {@return a run that reports nothing and that nobody cancels} */
  public static Run silent() {
    return new Run(Progress.SILENT, new Cancellation());
  }

  /**
   * {@return a run that reports its progress and that nobody cancels}
   *
   * @param progress receives the events of the operation
   */
  public static Run of(Progress progress) {
    return new Run(progress, new Cancellation());
  }

  /**
   * {@return a run that can be cancelled and reports nothing}
   *
   * @param cancellation a switch that stops the operation before its next part
   */
  public static Run of(Cancellation cancellation) {
    return new Run(Progress.SILENT, cancellation);
  }

  /**
   * {@return this run with another listener and the same cancellation}
   *
   * @param other receives the events of the operation
   */
  public Run with(Progress other) {
    return new Run(other, cancellation);
  }

  /**
   * {@return the run of one part of this work, such as one of several generations} It passes on the
   * events of the part, each notice only once. It drops the terminal event of the part, because the
   * whole work reports its own. Both runs have the same cancellation.
   */
  public Run part() {
    Set<ProgressEvent> notices = ConcurrentHashMap.newKeySet();
    return with(event -> {
      if (!event.isTerminal() && !(event instanceof ProgressEvent.Notice && !notices.add(event))) {
        progress.onEvent(event);
      }
    });
  }

  /**
   * Runs work on this thread: the cancellation stops it, and its outcome is reported as the last
   * event.
   *
   * @param <T> the type of the result
   * @param work the work
   * @return the result of {@code work}
   * @throws dev.likeness.diffusion.error.CancelledException if {@code work} was cancelled. Other
   *     exceptions of {@code work} are thrown unchanged
   */
  public <T> T report(Supplier<T> work) {
    return progress.reportOutcome(() -> cancellation.run(work));
  }

  /**
   * Checks the cancellation between two steps of the operation.
   *
   * @throws dev.likeness.diffusion.error.CancelledException if the run is cancelled
   */
  public void throwIfCancelled() {
    cancellation.throwIfCancelled();
  }
}
