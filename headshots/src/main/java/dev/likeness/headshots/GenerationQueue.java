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
 * Serves many persons from one base: takes so many jobs in and no more, runs so many at once within
 * a budget of memory, the most urgent first. An image is the same to the bit whatever runs beside
 * it. Safe for threads; the studio's base and the persons stay their owners', and must live until
 * {@link #close()}.
 */
public final class GenerationQueue implements AutoCloseable {
  /** The priority of work that says nothing of it. */
  public static final int DEFAULT_PRIORITY = 0;

  private final HeadshotStudio studio;
  private final Options options;
  private final PriorityQueue<GenerationJob<?>> waiting = new PriorityQueue<>();
  private final Set<GenerationJob<?>> running = new HashSet<>();
  private final List<Thread> workers = new ArrayList<>();
  private long lastId;
  private long runningBytes;
  private boolean isClosed;

  private GenerationQueue(HeadshotStudio studio, Options options) {
    this.studio = studio;
    this.options = options;
  }

  /** A queue for {@code studio}, whose workers run until it is closed. */
  public static GenerationQueue on(HeadshotStudio studio, Options options) {
    GenerationQueue queue = new GenerationQueue(studio, options);
    for (int i = 0; i < options.workers(); i++) {
      Thread thread = new Thread(queue::runJobs, "likeness-studio-" + (i + 1));
      thread.setDaemon(true);
      thread.start();
      queue.workers.add(thread);
    }
    return queue;
  }

  /**
   * Takes a shoot in.
   *
   * @throws QueueFullException at once when there is no room
   * @throws ResourceLimitException when it needs more memory than all jobs may have together
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

  /** Takes a shoot of the usual priority in, silently. */
  public GenerationJob<Shoot> shoot(Identity person, ShootRequest request) {
    return shoot(person, request, DEFAULT_PRIORITY, Progress.SILENT);
  }

  /**
   * Queues any work, such as training a person.
   *
   * @param needed bytes that it is likely to need while it runs
   * @param priority higher is sooner; jobs that run are not put aside
   * @param progress hears of the end when the job has its result; what it throws then goes to the
   *     worker's uncaught exception handler
   * @param patience how long to wait for room: the caller is held back when too much is asked
   * @throws QueueFullException when there was no room in that time
   */
  public synchronized <T> GenerationJob<T> submit(
      GenerationJob.Task<T> work, long needed, int priority, Progress progress, Duration patience) {
    if (needed > options.memoryBytes()) {
      throw new ResourceLimitException(
          "a job needs about " + needed + " bytes, and all jobs may have " + options.memoryBytes()
              + " together; ask for smaller images, or give the queue more");
    }
    long until = System.nanoTime() + patience.toNanos();
    while (!isClosed && blockedCount() >= options.capacity()) {
      awaitCapacity(until);
    }
    if (isClosed) {
      throw new IllegalStateException("the studio's queue is closed");
    }
    GenerationJob<T> job = new GenerationJob<>(work, priority, ++lastId, needed, progress);
    waiting.add(job);
    job.toCompletableFuture().whenComplete((result, failure) -> removeWaiting(job));
    notifyAll();
    return job;
  }

  /** How many wait because of what runs; the others are about to be taken by workers that sleep. */
  private int blockedCount() {
    boolean all =
        runningBytes + waiting.stream().mapToLong(GenerationJob::memoryBytes).sum()
            <= options.memoryBytes();
    return all ? waiting.size() - (workers.size() - running.size()) : waiting.size();
  }

  /** How many jobs wait. */
  public synchronized int waiting() {
    return waiting.size();
  }

  /** How many jobs run. */
  public synchronized int running() {
    return running.size();
  }

  /**
   * Cancels everything, waits until what ran has stopped, and takes nothing in any more; a second
   * call does nothing. A job or listener that closes the queue it runs in cannot wait for itself,
   * and waits for nothing: close it outside, too, before the base.
   *
   * @throws IllegalStateException when listeners threw something at being told; everything has
   *     stopped all the same
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
    if (!workers.contains(Thread.currentThread())) {
      awaitWorkers();
    }
    if (failed.getSuppressed().length > 0) {
      throw failed;
    }
  }

  private void awaitWorkers() {
    boolean interrupted = false;
    for (Thread worker : workers) {
      while (worker.isAlive()) {
        try {
          worker.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
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

  private void runJobs() {
    for (GenerationJob<?> job = awaitNext(); job != null; job = awaitNext()) {
      // An interrupt that one job or its listener left stops no other.
      Thread.interrupted();
      try {
        job.run();
      } catch (RuntimeException | Error listener) {
        // Its own result is there already, and others wait for this thread.
        Thread.currentThread()
            .getUncaughtExceptionHandler()
            .uncaughtException(Thread.currentThread(), listener);
      } finally {
        finished(job);
      }
    }
  }

  // The most urgent one is waited for even when a smaller one would fit: otherwise large ones never
  // came.
  private synchronized GenerationJob<?> awaitNext() {
    while (!isClosed
        && (waiting.isEmpty()
            || runningBytes + waiting.peek().memoryBytes() > options.memoryBytes())) {
      try {
        wait();
      } catch (InterruptedException e) {
        // Nobody but close() ends a worker.
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

  /** The queue holds as much work as it may; nothing was taken in. Ask again later. */
  public static final class QueueFullException extends RuntimeException {
    private static final long serialVersionUID = 1;

    QueueFullException(int waiting) {
      super(waiting
          + " jobs are waiting already, as many as the queue may hold; ask again when one is done");
    }
  }

  /**
   * How much a queue does at once. Immutable.
   *
   * @param workers jobs that run at once, at least 1
   * @param capacity jobs that may wait, at least 1
   * @param memoryBytes what the running jobs may need together, by their own estimates
   */
  public record Options(int workers, int capacity, long memoryBytes) {
    public Options {
      if (workers < 1 || capacity < 1 || memoryBytes < 1) {
        throw new IllegalArgumentException(
            "a queue has at least 1 worker, room for 1 job and 1 byte, given " + workers + ", "
                + capacity + " and " + memoryBytes);
      }
    }

    /** Two at once, so that one draws while another decodes; 64 waiting; no bound on memory. */
    public static Options defaults() {
      return new Options(2, 64, Long.MAX_VALUE);
    }

    public Options workers(int n) {
      return new Options(n, capacity, memoryBytes);
    }

    public Options capacity(int n) {
      return new Options(workers, n, memoryBytes);
    }

    public Options memoryBytes(long n) {
      return new Options(workers, capacity, n);
    }
  }
}
