package dev.likeness.headshots;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** The threads that run the jobs of a {@link GenerationQueue}, one job at a time each. */
final class JobWorkers {
  private final Supplier<GenerationJob<?>> queue;
  private final Consumer<GenerationJob<?>> onFinished;
  private final List<Thread> threads = new ArrayList<>();

  /** Creates workers for jobs of {@code queue}, which waits for a job and gives null at the end. */
  JobWorkers(Supplier<GenerationJob<?>> queue, Consumer<GenerationJob<?>> onFinished) {
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
