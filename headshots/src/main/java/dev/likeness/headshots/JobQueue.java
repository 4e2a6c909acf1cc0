package dev.likeness.headshots;

import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.request.Progress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.function.ObjIntConsumer;

/** The waiting and running jobs of a {@link GenerationQueue}, and the threads that run them. */
abstract class JobQueue {
  final GenerationQueue.Options options;
  final PriorityQueue<GenerationJob<?>> waiting = new PriorityQueue<>();
  final Set<GenerationJob<?>> running = new HashSet<>();
  final Workers workers;
  long lastId;
  boolean isClosed;
  private final long[] runningBytes;

  JobQueue(GenerationQueue.Options options, int devices) {
    this.options = options;
    this.runningBytes = new long[devices];
    this.workers = new Workers(this::awaitNext, this::finished);
  }

  /**
   * The number of jobs that must wait for running jobs. If all waiting jobs fit into the memory of
   * a device, idle workers are about to take some of them.
   */
  final int blockedCount() {
    long waitingBytes = waiting.stream().mapToLong(GenerationJob::memoryBytes).sum();
    long least = Arrays.stream(runningBytes).min().getAsLong();
    boolean all = least + waitingBytes <= options.memoryBytes();
    int idle = options.workers() * runningBytes.length - running.size();
    return all ? waiting.size() - idle : waiting.size();
  }

  /** {@return the number of waiting jobs} */
  public synchronized int waiting() {
    return waiting.size();
  }

  /** {@return the number of running jobs} */
  public synchronized int running() {
    return running.size();
  }

  final synchronized <T> GenerationJob<T> enqueue(
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

  final void awaitCapacity(long until) {
    long left = (until - System.nanoTime()) / 1_000_000;
    if (left <= 0) {
      throw new GenerationQueue.QueueFullException(waiting.size());
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
  final synchronized GenerationJob<?> awaitNext(int device) {
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
    job.assign(studio(device));
    notifyAll();
    return job;
  }

  /** The studio of a device. */
  abstract HeadshotStudio studio(int device);

  final synchronized void finished(GenerationJob<?> job, int device) {
    running.remove(job);
    runningBytes[device] -= job.memoryBytes();
    notifyAll();
  }

  final synchronized void removeWaiting(GenerationJob<?> job) {
    if (waiting.remove(job)) {
      notifyAll();
    }
  }

  /** Threads that run jobs, one job at a time each. */
  static final class Workers {
    private final IntFunction<GenerationJob<?>> queue;
    private final ObjIntConsumer<GenerationJob<?>> onFinished;
    private final List<Thread> threads = new ArrayList<>();

    /**
     * Creates workers for jobs of {@code queue}, which waits for a job of a device and gives null
     * at the end.
     */
    Workers(IntFunction<GenerationJob<?>> queue, ObjIntConsumer<GenerationJob<?>> onFinished) {
      this.queue = queue;
      this.onFinished = onFinished;
    }

    /** Starts {@code each} workers for each of the devices. */
    void start(int devices, int each) {
      for (int i = 0; i < devices * each; i++) {
        int device = i % devices;
        Thread thread = new Thread(() -> runJobs(device), "likeness-studio-" + (i + 1));
        thread.setDaemon(true);
        thread.start();
        threads.add(thread);
      }
    }

    private void runJobs(int device) {
      for (GenerationJob<?> job = queue.apply(device); job != null; job = queue.apply(device)) {
        // An interrupt that one job or its listener left behind must not stop the next job.
        Thread.interrupted();
        try {
          job.run();
        } catch (RuntimeException | Error listener) {
          // The job has its result already, and this thread must serve other jobs.
          Thread.currentThread()
              .getUncaughtExceptionHandler()
              .uncaughtException(Thread.currentThread(), listener);
        } finally {
          onFinished.accept(job, device);
        }
      }
    }

    /** Waits until all threads have ended. Returns at once on one of them, which cannot wait. */
    void awaitEnd() {
      if (threads.contains(Thread.currentThread())) {
        return;
      }
      boolean interrupted = false;
      for (Thread thread : threads) {
        while (thread.isAlive()) {
          try {
            thread.join();
          } catch (InterruptedException e) {
            interrupted = true;
          }
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
