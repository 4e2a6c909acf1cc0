package dev.likeness.headshots;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.error.LikenessException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.tensor.MemoryBudget;
import dev.likeness.headshots.internal.generation.HeadshotGenerator;
import dev.likeness.headshots.shoot.Shoot;
import dev.likeness.headshots.shoot.ShootRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;

/**
 * Runs jobs for many persons on one base model, or on one base model per GPU. It accepts a limited
 * number of jobs and runs a few jobs at once within a memory budget. Jobs of higher priority start
 * first. The pixels of an image do not depend on other jobs. Thread-safe. After {@link #close()},
 * the caller closes the base models and the persons. Submissions to a closed queue throw
 * {@link IllegalStateException}.
 */
public final class GenerationQueue implements AutoCloseable {
  /** The priority of a job that is submitted without a priority. */
  public static final int DEFAULT_PRIORITY = 0;

  private final List<HeadshotStudio> studios;
  private final Options options;
  private final PriorityQueue<GenerationJob<?>> waiting = new PriorityQueue<>();
  private final Set<GenerationJob<?>> running = new HashSet<>();
  private final Workers workers;
  private long lastId;
  private boolean isClosed;
  private final long[] runningBytes;

  private GenerationQueue(List<HeadshotStudio> studios, Options options) {
    this.studios = studios;
    this.options = options;
    this.runningBytes = new long[studios.size()];
    this.workers = new Workers(this::awaitNext, this::finished);
  }

  /**
   * Creates a queue and starts its worker threads.
   *
   * @param studio generates the headshots
   * @param options limits of the queue
   * @return the queue; the caller must close it to end the threads
   */
  public static GenerationQueue on(HeadshotStudio studio, Options options) {
    return acrossDevices(Collections.singletonList(studio), options);
  }

  /**
   * Creates a queue over several devices, and starts its worker threads. Each job runs on the
   * device that first has a free worker and enough memory.
   *
   * @param studios one studio for each device; their bases are the same model, opened on different
   *     devices
   * @param options limits of the queue; the number of workers and the memory budget apply to each
   *     device
   * @return the queue; the caller must close it to end the threads
   * @throws IllegalArgumentException if there is no studio
   */
  public static GenerationQueue acrossDevices(List<HeadshotStudio> studios, Options options) {
    if (studios.isEmpty()) {
      throw new IllegalArgumentException("a queue needs at least 1 studio, got none");
    }
    GenerationQueue queue = new GenerationQueue(new ArrayList<>(studios), options);
    queue.workers.start(studios.size(), options.workers());
    return queue;
  }

  /**
   * Creates a queue for headshots and images of one base. The limits of workers and waiting jobs
   * are those of {@link Options#defaults}.
   *
   * @param base the base model
   * @param budget memory of all running jobs together; only {@link MemoryBudget#bytes()} is used
   * @return the queue; the caller must close it to end the threads
   */
  public static GenerationQueue on(BaseModel base, MemoryBudget budget) {
    return on(HeadshotStudio.on(base), Options.defaults().memoryBytes(budget.bytes()));
  }

  /**
   * Submits a request for one image. The job has {@link #DEFAULT_PRIORITY} and reports no progress.
   *
   * @param request the request for one image; the caller keeps its adapters open until the job has
   *     ended
   * @return the job
   * @throws IllegalArgumentException if the request asks for several images or does not fit the
   *     base
   * @throws QueueFullException if the queue is full; this method does not wait
   * @throws ResourceLimitException if the image needs more memory than the queue's budget
   */
  public GenerationJob<GeneratedImage> submit(ImageRequest request) {
    if (request.count() != 1) {
      throw new IllegalArgumentException("a job generates one image, but the request asks for "
          + request.count() + " images; submit a request for each image");
    }
    BaseModel first = studios.get(0).base;
    first.validate(request);
    return submitOnDevice(
        (studio, run) -> studio.base.generate(request, run),
        HeadshotGenerator.memoryBytes(
                request.width().orElse(0), request.height().orElse(0), 1, first)
            + HeadshotGenerator.referenceBytes(request.referenceImages().images()));
  }

  /**
   * Generates the images of a request, each in a job of its own, and waits for them. The jobs have
   * {@link #DEFAULT_PRIORITY}. If one of them fails or cannot be submitted, the others are
   * cancelled.
   *
   * @param request the request for one or more images; image {@code i} has the seed
   *     {@code request.seed() + i}
   * @return the images, in the order of their seeds
   * @throws IllegalArgumentException if the request does not fit the base
   * @throws QueueFullException if the queue has no room for all images; this method does not wait
   *     for room
   * @throws ResourceLimitException if an image needs more memory than the queue's budget
   * @throws CancelledException if the calling thread is interrupted, or the queue is closed
   *     meanwhile
   */
  public List<GeneratedImage> generateAll(ImageRequest request) {
    List<GenerationJob<GeneratedImage>> jobs = new ArrayList<>();
    try {
      for (int i = 0; i < request.count(); i++) {
        jobs.add(submit(request.count(1).seed(request.seed() + i)));
      }
      List<GeneratedImage> images = new ArrayList<>();
      for (GenerationJob<GeneratedImage> job : jobs) {
        images.add(job.joinInterruptibly());
      }
      return images;
    } finally {
      // Jobs that have ended are not affected.
      jobs.forEach(GenerationJob::cancel);
    }
  }

  /** {@return the base model, on the first device} */
  public BaseModel base() {
    return studios.get(0).base;
  }

  /**
   * Submits a shoot.
   *
   * @param person the person; the job fails if the consent does not cover headshots
   * @param request the request
   * @param priority any integer; jobs of higher priority start first but do not stop running jobs
   * @param progress gets the job's events, usually on a worker thread
   * @return the job
   * @throws QueueFullException if the queue is full; this method does not wait
   * @throws ResourceLimitException if the shoot needs more memory than the queue's budget
   * @throws dev.likeness.diffusion.error.InvalidInputException if the base cannot serve the request
   */
  public GenerationJob<Shoot> shoot(
      Identity person, ShootRequest request, int priority, Progress progress) {
    studios.get(0).validate(request);
    return submitOnDevice(
        (studio, run) -> studio.shoot(person, request, run),
        studios.get(0).memoryBytes(request) + HeadshotGenerator.referenceBytes(person),
        priority,
        progress,
        Duration.ZERO);
  }

  /**
   * Submits a shoot. The job has {@link #DEFAULT_PRIORITY} and reports no progress. Throws the same
   * exceptions as {@link #shoot(Identity, ShootRequest, int, Progress)}.
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
   * @param priority any integer; jobs of higher priority start first but do not stop running jobs
   * @param progress gets the job's events. The terminal event (done, cancelled or failed) comes
   *     after the result is available. If this listener throws an exception at an earlier event,
   *     the job fails with it. If it throws at the last event of a started job, the worker thread's
   *     uncaught exception handler gets the exception
   * @param patience the longest time to wait if the queue is full
   * @return the job
   * @throws QueueFullException if the queue is still full after {@code patience}
   * @throws ResourceLimitException if the task needs more memory than the queue's budget
   * @throws CancelledException if the calling thread is interrupted while it waits
   */
  public <T> GenerationJob<T> submit(
      GenerationJob.Task<T> work, long needed, int priority, Progress progress, Duration patience) {
    return submitOnDevice((studio, run) -> work.run(run), needed, priority, progress, patience);
  }

  /**
   * Submits work that needs a studio. The queue chooses a device and passes its studio. Throws the
   * same exceptions as {@link #submit(GenerationJob.Task, long, int, Progress, Duration)}.
   *
   * @param <T> the type of the result
   * @param work the task
   * @param needed estimated memory of the task in bytes
   * @param priority any integer; jobs of higher priority start first
   * @param progress gets the job's events
   * @param patience the longest time to wait if the queue is full
   * @return the job
   */
  public synchronized <T> GenerationJob<T> submitOnDevice(
      GenerationJob.DeviceTask<T> work,
      long needed,
      int priority,
      Progress progress,
      Duration patience) {
    if (needed > options.memoryBytes()) {
      throw new ResourceLimitException(
          "the job needs about " + needed + " bytes, and the queue's memory budget is "
              + options.memoryBytes() + " bytes; make the job smaller, for example with smaller"
              + " images, or raise the budget");
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
   * Submits any work. The job has {@link #DEFAULT_PRIORITY} and reports no progress. If the queue
   * is full, this method throws {@link QueueFullException} at once. It also throws
   * {@link ResourceLimitException} if the task needs more memory than the queue's budget.
   *
   * @param <T> the type of the result
   * @param work the task
   * @param needed estimated memory of the task in bytes
   * @return the job
   */
  public <T> GenerationJob<T> submit(GenerationJob.Task<T> work, long needed) {
    return submit(work, needed, DEFAULT_PRIORITY, Progress.SILENT, Duration.ZERO);
  }

  /**
   * Submits work that needs a studio. The queue chooses a device and passes its studio. The job has
   * {@link #DEFAULT_PRIORITY} and reports no progress. Throws {@link QueueFullException} if the
   * queue is full, or {@link ResourceLimitException} if the task needs too much memory.
   *
   * @param <T> the type of the result
   * @param work the task
   * @param needed estimated memory of the task in bytes
   * @return the job
   */
  public <T> GenerationJob<T> submitOnDevice(GenerationJob.DeviceTask<T> work, long needed) {
    return submitOnDevice(work, needed, DEFAULT_PRIORITY, Progress.SILENT, Duration.ZERO);
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
   * Cancels all jobs and waits until the running jobs have stopped. A further call only waits. If a
   * job or a listener of this queue calls this method, the call returns at once: a job cannot wait
   * for its own end. So, before you close the base, call this method on another thread too.
   *
   * @throws IllegalStateException if listeners of waiting jobs threw exceptions at the
   *     cancellation; all jobs have stopped nevertheless
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
    IllegalStateException failed = new IllegalStateException(
        "progress listeners threw the suppressed exceptions while the queue was closed");
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

  /**
   * The number of jobs that must wait for running jobs. If all waiting jobs fit into the memory of
   * a device, idle workers are about to take some of them.
   */
  private int blockedCount() {
    long waitingBytes = waiting.stream().mapToLong(GenerationJob::memoryBytes).sum();
    long least = Arrays.stream(runningBytes).min().getAsLong();
    boolean all = least + waitingBytes <= options.memoryBytes();
    int idle = options.workers() * runningBytes.length - running.size();
    return all ? waiting.size() - idle : waiting.size();
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
  private synchronized GenerationJob<?> awaitNext(int device) {
    while (!isClosed
        && (waiting.isEmpty()
            || runningBytes[device] + waiting.peek().memoryBytes() > options.memoryBytes())) {
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
    runningBytes[device] += job.memoryBytes();
    job.assign(studios.get(device));
    notifyAll();
    return job;
  }

  private synchronized void finished(GenerationJob<?> job, int device) {
    running.remove(job);
    runningBytes[device] -= job.memoryBytes();
    notifyAll();
  }

  private synchronized void removeWaiting(GenerationJob<?> job) {
    if (waiting.remove(job)) {
      notifyAll();
    }
  }

  /** Thrown if the queue has no room for another waiting job. The job was not accepted. */
  public static final class QueueFullException extends LikenessException {
    private static final long serialVersionUID = 1;

    QueueFullException(int waiting) {
      super("the queue is full (waiting jobs: " + waiting + "); submit the job again later");
    }
  }

  /**
   * Limits of a queue. Immutable.
   *
   * @param workers number of jobs that run at once on a device, at least 1
   * @param capacity number of jobs that may wait, at least 1
   * @param memoryBytes memory budget of each device in bytes, at least 1. It limits the sum of its
   *     running jobs' estimated memory
   */
  public record Options(int workers, int capacity, long memoryBytes) {
    /**
     * Checks the limits.
     *
     * @throws IllegalArgumentException if a limit is below 1
     */
    public Options {
      if (workers < 1 || capacity < 1 || memoryBytes < 1) {
        throw new IllegalArgumentException(
            "a queue needs at least 1 worker, 1 waiting job and 1 byte of memory, got workers: "
                + workers + ", waiting jobs: " + capacity + ", bytes: " + memoryBytes);
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
     * {@return a copy of these limits with the given number of workers}
     *
     * @param n number of jobs that run at once on a device, at least 1
     */
    public Options workers(int n) {
      return new Options(n, capacity, memoryBytes);
    }

    /**
     * {@return a copy of these limits with the given capacity}
     *
     * @param n number of jobs that may wait, at least 1
     */
    public Options capacity(int n) {
      return new Options(workers, n, memoryBytes);
    }

    /**
     * {@return a copy of these limits with the given memory budget}
     *
     * @param n memory budget of a device's running jobs in bytes, at least 1
     */
    public Options memoryBytes(long n) {
      return new Options(workers, capacity, n);
    }
  }
}
