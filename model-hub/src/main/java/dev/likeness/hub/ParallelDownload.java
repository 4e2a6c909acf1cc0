package dev.likeness.hub;

import dev.likeness.diffusion.internal.io.CurrentWork;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import java.util.List;
import java.util.OptionalDouble;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** Downloads blobs, several at once; the calling thread reports their progress. */
final class ParallelDownload {
  private static final long MIB = 1L << 20;

  private ParallelDownload() {}

  /**
   * Downloads blobs. If one fails, the others are stopped.
   *
   * @param parallel the number of downloads at once
   * @param run receives the phase {@code download}, whose steps are mebibytes, and can cancel
   */
  static void run(List<BlobDownload> all, int parallel, Run run) {
    Cancellation stop = run.cancellation().child();
    AtomicLong received = new AtomicLong();
    ExecutorService pool = Executors.newFixedThreadPool(parallel, work -> {
      Thread thread = new Thread(work, "likeness-download");
      thread.setDaemon(true);
      return thread;
    });
    try {
      CompletionService<Void> downloads = new ExecutorCompletionService<>(pool);
      for (BlobDownload each : all) {
        downloads.submit(CurrentWork.handOver(() -> stop.run(() -> {
          each.run(received);
          return null;
        })));
      }
      long bytes = all.stream().mapToLong(BlobDownload::size).sum();
      await(downloads, all.size(), new DownloadProgress(run, received, bytes));
    } finally {
      stop.cancel();
      pool.shutdown();
      awaitEnd(pool);
    }
  }

  private static void await(
      CompletionService<Void> downloads, int count, DownloadProgress progress) {
    int left = count;
    while (left > 0) {
      progress.report();
      CurrentWork.throwIfCancelled();
      try {
        Future<Void> done = downloads.poll(100, TimeUnit.MILLISECONDS);
        if (done != null) {
          done.get();
          left--;
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } catch (ExecutionException e) {
        if (e.getCause() instanceof RuntimeException failure) {
          throw failure;
        }
        throw new IllegalStateException(e.getCause());
      }
    }
    progress.report();
  }

  private static void awaitEnd(ExecutorService pool) {
    boolean interrupted = false;
    while (true) {
      try {
        if (pool.awaitTermination(1, TimeUnit.SECONDS)) {
          break;
        }
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Reports received mebibytes as steps. */
  private static final class DownloadProgress {
    private static final String PHASE = "download";

    private final Run run;
    private final AtomicLong received;
    private final long bytes;
    private final int steps;
    private final long start = System.nanoTime();
    private long resumed = -1;
    private int reported;

    DownloadProgress(Run run, AtomicLong received, long bytes) {
      this.run = run;
      this.received = received;
      this.bytes = bytes;
      this.steps = (int) Math.min(Integer.MAX_VALUE, (bytes + MIB - 1) / MIB);
      run.progress().onEvent(new ProgressEvent.Phase(PHASE, steps));
    }

    void report() {
      long now = received.get();
      if (resumed < 0) {
        resumed = now;
      }
      int step = (int) Math.min(steps, now == bytes ? steps : now / MIB);
      if (step > reported) {
        reported = step;
        double seconds = (System.nanoTime() - start) / 1e9;
        long fresh = now - resumed;
        OptionalDouble left = fresh > 0 && seconds > 1
            ? OptionalDouble.of((bytes - now) * seconds / fresh)
            : OptionalDouble.empty();
        run.progress()
            .onEvent(new ProgressEvent.Step(PHASE, step, steps, OptionalDouble.empty(), left));
      }
    }
  }
}
