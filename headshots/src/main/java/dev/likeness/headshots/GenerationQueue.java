package dev.likeness.headshots;

import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.headshots.shoot.Shoot;
import dev.likeness.headshots.shoot.ShootRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;

/**
 * Runs jobs for many persons on one base model. It accepts a limited number of jobs and runs a few
 * jobs at once within a memory budget. Jobs of higher priority start first. Other jobs have no
 * effect on the pixels of an image. Thread-safe. The caller closes the studio's base and the
 * persons, after {@link #close()}.
 */
public final class GenerationQueue implements AutoCloseable {
  /** The priority of a job that is submitted without a priority. */
  public static final int DEFAULT_PRIORITY = 0;

  private final HeadshotStudio studio;
  private final Options options;
  private final PriorityQueue<GenerationJob<?>> waiting = new PriorityQueue<>();
  private final Set<GenerationJob<?>> running = new HashSet<>();
  private final JobWorkers workers;
  private long lastId;
  private long runningBytes;
  private boolean isClosed;

  private GenerationQueue(HeadshotStudio studio, Options options) {
    this.studio = studio;
    this.options = options;
    this.workers = new JobWorkers(this::awaitNext, this::finished);
  }

  /**
   * Creates a queue and starts its worker threads.
   *
   * @param studio generates the headshots
   * @param options limits of the queue
   * @return the queue; the caller closes it, which ends the threads
   */
  public static GenerationQueue on(HeadshotStudio studio, Options options) {
    GenerationQueue queue = new GenerationQueue(studio, options);
    queue.workers.start(options.workers());
    return queue;
  }

  /**
   * Submits a shoot.
   *
   * @param person the person, whose consent must cover headshots
   * @param request the request
   * @param priority jobs of higher priority start sooner; running jobs are not interrupted
   * @param progress gets the job's events, usually on a worker thread
   * @return the job
   * @throws QueueFullException if the queue is full; this method does not wait
   * @throws ResourceLimitException if the shoot needs more memory than the queue's budget
   * @throws dev.likeness.diffusion.error.InvalidInputException if the base cannot serve the request
   */
  public GenerationJob<Shoot> shoot(
      Identity person, ShootRequest request, int priority, Progress progress) {
    studio.validate(request);
    return submit(
        (events, cancellation) -> studio.shoot(person, request, events, cancellation),
        studio.memoryBytes(request),
        priority,
        progress,
        Duration.ZERO);
  }

  /**
   * Submits a shoot with {@link #DEFAULT_PRIORITY} and without progress events. It throws the
   * exceptions of {@link #shoot(Identity, ShootRequest, int, Progress)}.
   *
   * @param person the person, whose consent must cover headshots
   * @param request the request
   * @return the job
   */
  public GenerationJob<Shoot> shoot(Identity person, ShootRequest request) {
    return shoot(person, request, DEFAULT_PRIORITY, Progress.SILENT);
  }

  /**
   * Submits any work, such as training a person.
   *
   * @param <T> the type of the result
   * @param work the task
   * @param needed estimated memory of the task in bytes
   * @param priority jobs of higher priority start sooner; running jobs are not interrupted
   * @param progress gets the job's events. The terminal event (done, cancelled or failed) comes
   *     after the result is available. If this listener throws, the worker thread's uncaught
   *     exception handler gets the exception
   * @param patience the longest time to wait if the queue is full
   * @return the job
   * @throws QueueFullException if the queue is still full after {@code patience}
   * @throws ResourceLimitException if the task needs more memory than the queue's budget
   * @throws CancelledException if the thread is interrupted while it waits
   * @throws IllegalStateException if the queue is closed
   */
  public synchronized <T> GenerationJob<T> submit(
      GenerationJob.Task<T> work, long needed, int priority, Progress progress, Duration patience) {
    if (needed > options.memoryBytes()) {
      throw new ResourceLimitException(
          "the job needs about " + needed + " bytes, and the queue's memory budget is "
              + options.memoryBytes() + " bytes; ask for smaller images, or raise the budget");
    }
    long until = System.nanoTime() + patience.toNanos();
    while (!isClosed && blockedCount() >= options.capacity()) {
      awaitCapacity(until);
    }
    if (isClosed) {
      throw new IllegalStateException("the studio's queue is closed; create another queue");
    }
    GenerationJob<T> job = new GenerationJob<>(work, priority, ++lastId, needed, progress);
    waiting.add(job);
    job.toCompletableFuture().whenComplete((result, failure) -> removeWaiting(job));
    notifyAll();
    return job;
  }

  /**
   * The number of jobs that must wait for running jobs. If all waiting jobs fit into memory, idle
   * workers are about to take some of them.
   */
  private int blockedCount() {
    long waitingBytes = waiting.stream().mapToLong(GenerationJob::memoryBytes).sum();
    boolean all = runningBytes + waitingBytes <= options.memoryBytes();
    return all ? waiting.size() - (options.workers() - running.size()) : waiting.size();
  }

  /** {@return the number of waiting jobs} */
  public synchronized int waiting() {
    return waiting.size();
  }

  /** {@return the number of running jobs} */
  public synchronized int running() {
    return running.size();
  }

  /**
   * Cancels all jobs and waits until the running jobs have stopped. Later submissions fail. A
   * second call has no effect. If a job or listener closes its own queue, this method cannot wait
   * for that job. Then close the queue from another thread as well, before you close the base.
   *
   * @throws IllegalStateException if progress listeners threw exceptions; all jobs have stopped
   *     nevertheless
   */
  @Override
  public void close() {
    List<GenerationJob<?>> all;
    synchronized (this) {
      isClosed = true;
      all = new ArrayList<>(waiting);
      all.addAll(running);
      notifyAll();
    }
    IllegalStateException failed =
        new IllegalStateException("listeners failed while the studio's queue was closed");
    for (GenerationJob<?> job : all) {
      try {
        job.cancel(false);
      } catch (RuntimeException | Error e) {
        failed.addSuppressed(e);
      }
    }
    workers.awaitEnd();
    if (failed.getSuppressed().length > 0) {
      throw failed;
    }
  }

  private void awaitCapacity(long until) {
    long left = (until - System.nanoTime()) / 1_000_000;
    if (left <= 0) {
      throw new QueueFullException(waiting.size());
    }
    try {
      wait(left);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancelledException("interrupted while waiting for room in the studio's queue");
    }
  }

  // The first job is not overtaken by smaller jobs that would fit; otherwise a large job might wait
  // forever.
  private synchronized GenerationJob<?> awaitNext() {
    while (!isClosed
        && (waiting.isEmpty()
            || runningBytes + waiting.peek().memoryBytes() > options.memoryBytes())) {
      try {
        wait();
      } catch (InterruptedException e) {
        // Only close() ends a worker.
        Thread.interrupted();
      }
    }
    if (isClosed) {
      return null;
    }
    GenerationJob<?> job = waiting.poll();
    running.add(job);
    runningBytes += job.memoryBytes();
    notifyAll();
    return job;
  }

  private synchronized void finished(GenerationJob<?> job) {
    running.remove(job);
    runningBytes -= job.memoryBytes();
    notifyAll();
  }

  private synchronized void removeWaiting(GenerationJob<?> job) {
    if (waiting.remove(job)) {
      notifyAll();
    }
  }

  /**
   * Thrown if the queue has reached its limit of waiting jobs. The queue did not accept the job.
   */
  public static final class QueueFullException extends RuntimeException {
    private static final long serialVersionUID = 1;

    QueueFullException(int waiting) {
      super("the queue is full with " + waiting + " waiting jobs; submit the job again later");
    }
  }

  /**
   * Limits of a queue. Immutable.
   *
   * @param workers number of jobs that run at once, at least 1
   * @param capacity number of jobs that may wait, at least 1
   * @param memoryBytes memory budget of all running jobs together, in bytes, at least 1; it is
   *     compared with the estimates of the jobs
   */
  public record Options(int workers, int capacity, long memoryBytes) {
    /**
     * Checks the limits.
     *
     * @param workers number of jobs that run at once, at least 1
     * @param capacity number of jobs that may wait, at least 1
     * @param memoryBytes memory budget of all running jobs together, in bytes, at least 1
     * @throws IllegalArgumentException if a limit is below 1
     */
    public Options {
      if (workers < 1 || capacity < 1 || memoryBytes < 1) {
        throw new IllegalArgumentException(
            "a queue needs at least 1 worker, 1 waiting job and 1 byte of memory, got " + workers
                + " workers, " + capacity + " waiting jobs and " + memoryBytes + " bytes");
      }
    }

    /**
     * {@return the default limits: two workers, so that one job generates while another decodes; 64
     * waiting jobs; no memory limit}
     */
    public static Options defaults() {
      return new Options(2, 64, Long.MAX_VALUE);
    }

    /**
     * {@return the same limits with another number of workers}
     *
     * @param n number of jobs that run at once, at least 1
     */
    public Options workers(int n) {
      return new Options(n, capacity, memoryBytes);
    }

    /**
     * {@return the same limits with another capacity}
     *
     * @param n number of jobs that may wait, at least 1
     */
    public Options capacity(int n) {
      return new Options(workers, n, memoryBytes);
    }

    /**
     * {@return the same limits with another memory budget}
     *
     * @param n memory budget in bytes, at least 1
     */
    public Options memoryBytes(long n) {
      return new Options(workers, capacity, n);
    }
  }
}
