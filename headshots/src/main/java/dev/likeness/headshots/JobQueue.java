package dev.likeness.headshots;

import dev.likeness.diffusion.error.CancelledException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** The waiting and running jobs of a {@link GenerationQueue}, and the threads that run them. */
abstract class JobQueue {
  final GenerationQueue.Options options;
  final PriorityQueue<GenerationJob<?>> waiting = new PriorityQueue<>();
  final Set<GenerationJob<?>> running = new HashSet<>();
  final Workers workers;
  long lastId;
  boolean isClosed;
  private long runningBytes;

  JobQueue(GenerationQueue.Options options) {
    this.options = options;
    this.workers = new Workers(this::awaitNext, this::finished);
  }

  /**
   * The number of jobs that must wait for running jobs. If all waiting jobs fit into memory, idle
   * workers are about to take some of them.
   */
  final int blockedCount() {
    long waitingBytes = waiting.stream().mapToLong(GenerationJob::memoryBytes).sum();
    boolean all = runningBytes + waitingBytes <= options.memoryBytes();
    return all ? waiting.size() - (options.workers() - running.size()) : waiting.size();
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
  final synchronized GenerationJob<?> awaitNext() {
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

  final synchronized void finished(GenerationJob<?> job) {
    running.remove(job);
    runningBytes -= job.memoryBytes();
    notifyAll();
  }

  final synchronized void removeWaiting(GenerationJob<?> job) {
    if (waiting.remove(job)) {
      notifyAll();
    }
  }

  /** Threads that run jobs, one job at a time each. */
  static final class Workers {
    private final Supplier<GenerationJob<?>> queue;
    private final Consumer<GenerationJob<?>> onFinished;
    private final List<Thread> threads = new ArrayList<>();

    /**
     * Creates workers for jobs of {@code queue}, which waits for a job and gives null at the end.
     */
    Workers(Supplier<GenerationJob<?>> queue, Consumer<GenerationJob<?>> onFinished) {
      this.queue = queue;
      this.onFinished = onFinished;
    }

    void start(int count) {
      for (int i = 0; i < count; i++) {
        Thread thread = new Thread(this::runJobs, "likeness-studio-" + (i + 1));
        thread.setDaemon(true);
        thread.start();
        threads.add(thread);
      }
    }

    private void runJobs() {
      for (GenerationJob<?> job = queue.get(); job != null; job = queue.get()) {
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
          onFinished.accept(job);
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
