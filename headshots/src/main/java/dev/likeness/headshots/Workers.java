package dev.likeness.headshots;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.ObjIntConsumer;

/** Threads that run jobs, one job at a time each. */
final class Workers {
  private final IntFunction<GenerationJob<?>> queue;
  private final ObjIntConsumer<GenerationJob<?>> onFinished;
  private final List<Thread> threads = new ArrayList<>();

  /**
   * Creates workers for jobs of {@code queue}, which waits for a job of a device and gives null at
   * the end.
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
