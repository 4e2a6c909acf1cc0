package dev.likeness.headshots;

import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Work that a queue took in: a future of its result. It is waiting, running or done; cancelling it
 * takes it out of the queue, or stops it within a step.
 */
public final class GenerationJob<T> implements Future<T>, Comparable<GenerationJob<?>> {
  /** Where a job is. */
  public enum State {
    WAITING,
    RUNNING,
    DONE,
    FAILED,
    CANCELLED
  }

  private final Task<T> task;
  private final int priority;
  private final long id;
  private final long memoryBytes;
  private final Progress progress;
  private final Cancellation cancellation = new Cancellation();
  private final CompletableFuture<T> result = new CompletableFuture<>();
  private volatile boolean isStarted;
  private boolean isRemoved;
  private volatile ProgressEvent lastEvent;

  GenerationJob(Task<T> work, int priority, long number, long bytes, Progress progress) {
    this.task = work;
    this.priority = priority;
    this.id = number;
    this.memoryBytes = bytes;
    this.progress = progress;
  }

  /** The order in which its queue took it in, from 1. */
  public long id() {
    return id;
  }

  /** Where it is now. */
  public State state() {
    if (!result.isDone()) {
      return isStarted ? State.RUNNING : State.WAITING;
    }
    return result.isCancelled()
        ? State.CANCELLED
        : result.isCompletedExceptionally() ? State.FAILED : State.DONE;
  }

  /** The last event of its work, or null before any. */
  public ProgressEvent lastEvent() {
    return lastEvent;
  }

  /** Completed with the result, or exceptionally; completing it does nothing to the job. */
  public CompletableFuture<T> toCompletableFuture() {
    return result.copy();
  }

  /**
   * Removes the job from the queue or stops it within a step; {@code interrupt} has no effect.
   * Exceptions of its listener reach the caller, after the job was cancelled.
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

  /** Whether it was waiting; those who wait for its result hear of it outside the lock. */
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

  /** {@inheritDoc} What the work threw is the cause of the {@link ExecutionException}. */
  @Override
  public T get() throws InterruptedException, ExecutionException {
    return result.get();
  }

  @Override
  public T get(long timeout, TimeUnit unit)
      throws InterruptedException, ExecutionException, TimeoutException {
    return result.get(timeout, unit);
  }

  /** The result, waiting for it as long as it takes; throws what the work threw. */
  public T join() {
    try {
      return result.join();
    } catch (CancellationException e) {
      throw new CancelledException("cancelled by its caller");
    } catch (CompletionException e) {
      if (e.getCause() instanceof Error fatal) {
        throw fatal;
      }
      throw e.getCause() instanceof RuntimeException known ? known : e;
    }
  }

  /** Higher priorities first, then first come, first served. */
  @Override
  public int compareTo(GenerationJob<?> other) {
    return priority == other.priority
        ? Long.compare(id, other.id)
        : Integer.compare(other.priority, priority);
  }

  long memoryBytes() {
    return memoryBytes;
  }

  void run() {
    synchronized (this) {
      if (isRemoved) {
        return;
      }
      isStarted = true;
    }
    try {
      T made = task.run(this::report, cancellation);
      finish(() -> result.complete(made), new ProgressEvent.Done());
    } catch (CancelledException e) {
      finish(() -> result.cancel(false), new ProgressEvent.Cancelled());
    } catch (RuntimeException e) {
      finish(() -> result.completeExceptionally(e), new ProgressEvent.Failed(e));
    } catch (Throwable e) {
      // Languages without checked exceptions throw them, too.
      finish(
          () -> result.completeExceptionally(e),
          new ProgressEvent.Failed(new IllegalStateException(e)));
    }
  }

  // How the work's parts ended is not how the job did.
  private void report(ProgressEvent event) {
    if (!event.isTerminal()) {
      lastEvent = event;
      progress.onEvent(event);
    }
  }

  // First the result: a listener that hears of the end may ask for it at once.
  private void finish(Runnable ending, ProgressEvent how) {
    lastEvent = how;
    ending.run();
    progress.onEvent(how);
  }

  /** Something that takes long, tells how far it is and stops when asked. */
  @FunctionalInterface
  public interface Task<T> {
    /** Does it; {@code progress} hears exactly one terminal event. */
    T run(Progress progress, Cancellation cancellation);
  }
}
