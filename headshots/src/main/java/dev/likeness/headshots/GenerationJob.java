package dev.likeness.headshots;

import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A job in a {@link GenerationQueue}, and the future of its result. Cancelling a waiting job
 * removes it from the queue. Cancelling a running job stops it within a step of sampling or
 * training. Thread-safe.
 *
 * @param <T> the type of the result
 */
public final class GenerationJob<T> implements Future<T>, Comparable<GenerationJob<?>> {
  /** The state of a job. */
  public enum State {
    /** The job is in the queue. */
    WAITING,
    /** A worker executes the job. */
    RUNNING,
    /** The job has a result. */
    DONE,
    /** The job's task threw an exception. */
    FAILED,
    /** The job was cancelled. */
    CANCELLED
  }

  private final DeviceTask<T> task;
  private final int priority;
  private final long id;
  private final long memoryBytes;
  private final Progress progress;
  private final Cancellation cancellation = new Cancellation();
  private final CompletableFuture<T> result = new CompletableFuture<>();
  private volatile boolean isStarted;
  private boolean isRemoved;
  private volatile ProgressEvent lastEvent;
  private HeadshotStudio studio;

  GenerationJob(DeviceTask<T> task, int priority, long id, long memoryBytes, Progress progress) {
    this.task = task;
    this.priority = priority;
    this.id = id;
    this.memoryBytes = memoryBytes;
    this.progress = progress;
  }

  /** {@return the number of the job in its queue, in order of submission, from 1} */
  public long id() {
    return id;
  }

  /** {@return the current state} */
  public State state() {
    if (!result.isDone()) {
      return isStarted ? State.RUNNING : State.WAITING;
    }
    return result.isCancelled()
        ? State.CANCELLED
        : result.isCompletedExceptionally() ? State.FAILED : State.DONE;
  }

  /** {@return the latest progress event; empty before the first event} */
  public Optional<ProgressEvent> lastEvent() {
    return Optional.ofNullable(lastEvent);
  }

  /**
   * Returns a future that completes when the job ends. Completing or cancelling the future has no
   * effect on the job.
   *
   * @return a new future
   */
  public CompletableFuture<T> toCompletableFuture() {
    return result.copy();
  }

  /**
   * Removes a waiting job from the queue, or stops a running job within a step. If a waiting job's
   * progress listener throws an exception, this method throws that exception after the job is
   * cancelled.
   *
   * @param interrupt has no effect
   * @return false if the job has ended already
   */
  @Override
  public boolean cancel(boolean interrupt) {
    cancellation.cancel();
    if (!cancelWaiting()) {
      return !result.isDone();
    }
    finish(() -> {}, new ProgressEvent.Cancelled());
    return true;
  }

  /**
   * Returns true if the job was waiting. The future is completed outside the lock, because it calls
   * dependents.
   */
  private boolean cancelWaiting() {
    synchronized (this) {
      if (isStarted || isRemoved) {
        return false;
      }
      isRemoved = true;
    }
    return result.cancel(false);
  }

  @Override
  public boolean isCancelled() {
    return result.isCancelled();
  }

  @Override
  public boolean isDone() {
    return result.isDone();
  }

  /**
   * {@inheritDoc}
   *
   * @throws ExecutionException if the task failed; the task's exception is the cause
   */
  @Override
  public T get() throws InterruptedException, ExecutionException {
    return result.get();
  }

  @Override
  public T get(long timeout, TimeUnit unit)
      throws InterruptedException, ExecutionException, TimeoutException {
    return result.get(timeout, unit);
  }

  /**
   * Removes a waiting job from the queue, or stops a running job within a step.
   *
   * @return false if the job has ended already
   */
  public boolean cancel() {
    return cancel(false);
  }

  /**
   * Waits for the end of the job without a time limit.
   *
   * @return the result; empty if the job was cancelled
   * @throws RuntimeException if the task failed; it is the task's own exception
   */
  public Optional<T> result() {
    try {
      return Optional.of(join());
    } catch (CancelledException e) {
      return Optional.empty();
    }
  }

  /**
   * Waits for the result without a time limit.
   *
   * @return the result
   * @throws CancelledException if the job was cancelled
   * @throws RuntimeException if the task failed; it is the task's own exception
   */
  public T join() {
    try {
      return result.join();
    } catch (CancellationException e) {
      throw new CancelledException("the job was cancelled");
    } catch (CompletionException e) {
      throw unchecked(e, e.getCause());
    }
  }

  /** Waits as {@link #join}, and ends the wait if the calling thread is interrupted. */
  T joinInterruptibly() {
    try {
      return result.get();
    } catch (CancellationException e) {
      throw new CancelledException("the job was cancelled");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancelledException("interrupted while waiting for a job of the studio's queue");
    } catch (ExecutionException e) {
      throw unchecked(new CompletionException(e.getCause()), e.getCause());
    }
  }

  private static RuntimeException unchecked(CompletionException wrapped, Throwable cause) {
    if (cause instanceof Error fatal) {
      throw fatal;
    }
    return cause instanceof RuntimeException known ? known : wrapped;
  }

  /**
   * {@inheritDoc} Jobs of higher priority come first; jobs of equal priority come in order of
   * submission.
   */
  @Override
  public int compareTo(GenerationJob<?> other) {
    return priority == other.priority
        ? Long.compare(id, other.id)
        : Integer.compare(other.priority, priority);
  }

  long memoryBytes() {
    return memoryBytes;
  }

  /** Sets the studio of the device that runs the job. */
  void assign(HeadshotStudio device) {
    studio = device;
  }

  void run() {
    synchronized (this) {
      if (isRemoved) {
        return;
      }
      isStarted = true;
    }
    Runnable ending;
    ProgressEvent how;
    try {
      T made = cancellation.run(() -> task.run(studio, new Run(this::report, cancellation)));
      ending = () -> result.complete(made);
      how = new ProgressEvent.Done();
    } catch (CancelledException e) {
      ending = () -> result.cancel(false);
      how = new ProgressEvent.Cancelled();
    } catch (RuntimeException e) {
      ending = () -> result.completeExceptionally(e);
      how = new ProgressEvent.Failed(e);
    } catch (Throwable e) {
      // Languages without checked exceptions may throw checked exceptions here.
      ending = () -> result.completeExceptionally(e);
      how = new ProgressEvent.Failed(new IllegalStateException(e));
    }
    // Outside the try: a listener that throws at the terminal event gets no second one.
    finish(ending, how);
  }

  // The end of a part of the task is not the end of the job, so terminal events of parts are
  // dropped.
  private void report(ProgressEvent event) {
    if (!event.isTerminal()) {
      lastEvent = event;
      progress.onEvent(event);
    }
  }

  // The result comes first: a listener may ask for it when it gets the terminal event.
  private void finish(Runnable ending, ProgressEvent how) {
    lastEvent = how;
    ending.run();
    progress.onEvent(how);
  }

  /**
   * The work of a job. It reports progress and stops when it is cancelled.
   *
   * @param <T> the type of the result
   */
  @FunctionalInterface
  public interface Task<T> {
    /**
     * Does the work.
     *
     * @param run receives progress, and stops the work if it is cancelled
     * @return the result, not null
     */
    T run(Run run);
  }

  /**
   * The work of a job that uses the studio of a device. The queue chooses the device.
   *
   * @param <T> the type of the result
   */
  @FunctionalInterface
  public interface DeviceTask<T> {
    /**
     * Does the work.
     *
     * @param studio the studio on the device
     * @param run receives progress, and stops the work if it is cancelled
     * @return the result, not null
     */
    T run(HeadshotStudio studio, Run run);
  }
}
