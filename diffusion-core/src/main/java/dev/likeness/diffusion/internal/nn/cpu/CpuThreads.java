package dev.likeness.diffusion.internal.nn.cpu;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.global.torch;

/**
 * Threads for work that libtorch would do on one thread. All users of the process share them. The
 * calling thread does every part that no other thread has begun, so a call never waits for work
 * that is not its own.
 */
final class CpuThreads {
  private static final long IDLE_SECONDS = 60;

  private CpuThreads() {}

  /** Returns the number of threads that libtorch may use on this thread. */
  static int count() {
    return torch.get_num_threads();
  }

  /**
   * Runs {@code part} for each number from 0 to {@code parts}, without autograd. Returns when all
   * have ended.
   *
   * @throws RuntimeException that a part has thrown
   */
  static void run(int parts, IntConsumer part) {
    List<FutureTask<Void>> tasks = new ArrayList<>();
    for (int i = 1; i < parts; i++) {
      FutureTask<Void> task = new FutureTask<>(withoutAutograd(part, i));
      tasks.add(task);
      Pool.THREADS.execute(task);
    }
    // Even after a failure the other parts must end, because they write to memory of the caller.
    RuntimeException failure = null;
    try {
      part.accept(0);
    } catch (RuntimeException e) {
      failure = e;
    }
    for (int i = tasks.size() - 1; i >= 0; i--) {
      // Does nothing if another thread has begun it.
      tasks.get(i).run();
    }
    for (FutureTask<Void> task : tasks) {
      failure = ended(task, failure);
    }
    if (failure != null) {
      throw failure;
    }
  }

  private static Callable<Void> withoutAutograd(IntConsumer part, int number) {
    return () -> {
      try (PointerScope scope = new PointerScope();
          NoGradGuard guard = new NoGradGuard()) {
        part.accept(number);
      }
      return null;
    };
  }

  /** Waits for the end of a task; returns the first failure. */
  private static RuntimeException ended(FutureTask<Void> task, RuntimeException earlier) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          task.get();
          return earlier;
        } catch (InterruptedException e) {
          // The task writes to memory of the caller, which must not be freed before its end.
          interrupted = true;
        } catch (ExecutionException e) {
          if (e.getCause() instanceof Error error) {
            throw error;
          }
          return earlier == null ? (RuntimeException) e.getCause() : earlier;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Holder; the threads begin at the first use and end when they are idle. */
  private static final class Pool {
    private static final AtomicInteger STARTED = new AtomicInteger();

    static final Executor THREADS = create();

    private static Executor create() {
      int threads = Math.max(1, Runtime.getRuntime().availableProcessors());
      ThreadPoolExecutor pool = new ThreadPoolExecutor(
          threads, threads, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
            Thread thread = new Thread(task, "likeness-cpu-" + STARTED.incrementAndGet());
            thread.setDaemon(true);
            return thread;
          });
      pool.allowCoreThreadTimeOut(true);
      return pool;
    }
  }
}
