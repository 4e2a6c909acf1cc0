package dev.likeness.headshots;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What the queue does with any work; what it does with images is tested where there is a service.
 */
@Timeout(60)
class GenerationQueueTest {
  private static final Duration AT_ONCE = Duration.ZERO;

  @Test
  void doesTheMostUrgentFirstAndElseInTurn() throws Exception {
    List<String> done = Collections.synchronizedList(new ArrayList<>());
    CountDownLatch gate = new CountDownLatch(1);
    try (GenerationQueue queue = queue(GenerationQueue.Options.defaults().workers(1))) {
      submit(queue, "first", 0, done, gate);
      while (queue.running() == 0) {
        Thread.onSpinWait();
      }
      GenerationJob<String> low = submit(queue, "low", -1, done, gate);
      submit(queue, "usual", 0, done, gate);
      submit(queue, "usual too", 0, done, gate);
      submit(queue, "urgent", 5, done, gate);
      gate.countDown();
      assertEquals("low", low.get());
    }
    assertEquals(List.of("first", "urgent", "usual", "usual too", "low"), done);
  }

  @Test
  void refusesJobsWhenFullOrWaitsUpToATimeout() throws Exception {
    CountDownLatch gate = new CountDownLatch(1);
    List<String> done = Collections.synchronizedList(new ArrayList<>());
    try (GenerationQueue queue =
        queue(GenerationQueue.Options.defaults().workers(1).capacity(1))) {
      submit(queue, "runs", 0, done, gate);
      while (queue.running() == 0) {
        Thread.onSpinWait();
      }
      submit(queue, "waits", 0, done, gate);
      GenerationQueue.QueueFullException full = assertThrows(
          GenerationQueue.QueueFullException.class, () -> submit(queue, "too much", 0, done, gate));
      assertEquals(
          "the queue is full (waiting jobs: 1); submit the job again later", full.getMessage());
      Thread opener = new Thread(gate::countDown);
      opener.start();
      GenerationJob<String> patient =
          queue.submit(run -> "patient", 1, 0, Progress.SILENT, Duration.ofSeconds(30));
      assertEquals("patient", patient.get());
      opener.join();
    }
  }

  @Test
  void takesACancelledJobOutOfTheQueue() throws Exception {
    CountDownLatch gate = new CountDownLatch(1);
    List<ProgressEvent> events = new ArrayList<>();
    try (GenerationQueue queue = queue(GenerationQueue.Options.defaults().workers(1))) {
      submit(queue, "runs", 0, new ArrayList<>(), gate);
      while (queue.running() == 0) {
        Thread.onSpinWait();
      }
      GenerationJob<String> job = queue.submit(run -> "never", 1, 0, events::add, AT_ONCE);
      assertEquals(GenerationJob.State.WAITING, job.state());
      assertTrue(job.cancel(true));
      assertEquals(GenerationJob.State.CANCELLED, job.state());
      assertEquals(0, queue.waiting());
      assertThrows(CancelledException.class, job::join);
      assertEquals(List.of(new ProgressEvent.Cancelled()), events);
      gate.countDown();
    }
  }

  @Test
  void stopsARunningJobAndReportsItOnce() throws Exception {
    CountDownLatch running = new CountDownLatch(1);
    List<ProgressEvent> events = Collections.synchronizedList(new ArrayList<>());
    try (GenerationQueue queue = queue(GenerationQueue.Options.defaults().workers(1))) {
      GenerationJob<String> job = queue.submit(
          run -> run.progress().reportOutcome(() -> {
            running.countDown();
            while (true) {
              run.cancellation().throwIfCancelled();
            }
          }),
          1,
          0,
          events::add,
          AT_ONCE);
      assertTrue(running.await(30, TimeUnit.SECONDS));
      job.cancel(false);
      assertThrows(CancelledException.class, job::join);
      assertEquals(
          "after", queue.submit(run -> "after", 1, 0, Progress.SILENT, AT_ONCE).get());
    }
    assertEquals(List.of(new ProgressEvent.Cancelled()), events);
  }

  @Test
  void hasTheResultWhenItsEndIsReported() throws Exception {
    CompletableFuture<GenerationJob<String>> job = new CompletableFuture<>();
    CompletableFuture<String> delivered = new CompletableFuture<>();
    List<ProgressEvent> events = new CopyOnWriteArrayList<>();
    Progress deliver = event -> {
      events.add(event);
      delivered.complete(job.join().join());
      throw new IllegalArgumentException("the client is gone");
    };
    GenerationQueue queue = queue(GenerationQueue.Options.defaults().workers(1));
    job.complete(queue.submit(
        run -> run.progress().reportOutcome(() -> "portrait"), 1, 0, deliver, AT_ONCE));
    assertEquals("portrait", delivered.get(30, TimeUnit.SECONDS));
    assertEquals(
        "after",
        queue.submit(run -> "after", 1, 0, Progress.SILENT, AT_ONCE).get(30, TimeUnit.SECONDS));
    queue.close();
    assertEquals(List.of(new ProgressEvent.Done()), events, "no second terminal event");
    assertEquals(Optional.of(new ProgressEvent.Done()), job.join().lastEvent());
  }

  @Test
  void anInterruptThatOneJobLeavesStopsNoOther() {
    CountDownLatch both = new CountDownLatch(1);
    try (GenerationQueue queue = queue(GenerationQueue.Options.defaults().workers(1))) {
      queue.submit(
          run -> {
            await(both);
            Thread.currentThread().interrupt();
            return "interrupted";
          },
          1,
          0,
          Progress.SILENT,
          AT_ONCE);
      GenerationJob<String> after = queue.submit(
          run -> {
            run.cancellation().throwIfCancelled();
            return "after";
          },
          1,
          0,
          Progress.SILENT,
          AT_ONCE);
      both.countDown();
      assertEquals("after", after.join());
    }
  }

  @Test
  void runsNoMoreAtOnceThanMemoryAllows() throws Exception {
    AtomicInteger now = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    try (GenerationQueue queue =
        queue(GenerationQueue.Options.defaults().workers(4).memoryBytes(100))) {
      List<GenerationJob<Integer>> jobs = new ArrayList<>();
      for (int i = 0; i < 12; i++) {
        jobs.add(queue.submit(
            run -> {
              most.accumulateAndGet(now.incrementAndGet(), Math::max);
              // Long enough for idle workers to wake.
              pause(20);
              return now.decrementAndGet();
            },
            40,
            0,
            Progress.SILENT,
            AT_ONCE));
      }
      for (GenerationJob<Integer> job : jobs) {
        job.get();
      }
      ResourceLimitException refused = assertThrows(
          ResourceLimitException.class,
          () -> queue.submit(run -> "", 101, 0, Progress.SILENT, AT_ONCE));
      assertEquals(
          "the job needs about 101 bytes, and the queue's memory budget is 100 bytes;"
              + " make the job smaller, for example with smaller images, or raise the budget",
          refused.getMessage());
    }
    assertEquals(2, most.get());
  }

  @Test
  void acceptsJobsThatIdleWorkersWillRun() throws Exception {
    try (GenerationQueue queue =
        queue(GenerationQueue.Options.defaults().workers(2).capacity(1))) {
      for (int i = 0; i < 200; i++) {
        GenerationJob<Integer> one = queue.submit(run -> 1, 1, 0, Progress.SILENT, AT_ONCE);
        GenerationJob<Integer> two = queue.submit(run -> 2, 1, 0, Progress.SILENT, AT_ONCE);
        assertEquals(3, one.get() + two.get());
        while (queue.running() > 0) {
          Thread.onSpinWait();
        }
      }
    }
  }

  @Test
  void failsTheJobForUndeclaredCheckedExceptions() throws Exception {
    try (GenerationQueue queue = queue(GenerationQueue.Options.defaults().workers(1))) {
      GenerationJob<String> bad = queue.submit(
          run -> GenerationQueueTest.<RuntimeException, String>throwing(new IOException("disk")),
          1,
          0,
          Progress.SILENT,
          AT_ONCE);
      assertEquals(
          "disk",
          assertThrows(ExecutionException.class, () -> bad.get(30, TimeUnit.SECONDS))
              .getCause()
              .getMessage());
      assertEquals(
          "fine",
          queue.submit(run -> "fine", 1, 0, Progress.SILENT, AT_ONCE).get(30, TimeUnit.SECONDS));
    }
  }

  @SuppressWarnings("unchecked")
  private static <E extends Throwable, T> T throwing(Throwable any) throws E {
    throw (E) any;
  }

  @Test
  void reportsAFailureAndContinues() throws Exception {
    try (GenerationQueue queue = queue(GenerationQueue.Options.defaults().workers(1))) {
      GenerationJob<String> bad = queue.submit(
          run -> {
            throw new IllegalArgumentException("no");
          },
          1,
          0,
          Progress.SILENT,
          AT_ONCE);
      assertEquals(
          "no", assertThrows(ExecutionException.class, bad::get).getCause().getMessage());
      assertEquals(GenerationJob.State.FAILED, bad.state());
      GenerationJob<String> fatal = queue.submit(
          run -> run.progress().reportOutcome(() -> {
            throw new OutOfMemoryError("heap");
          }),
          1,
          0,
          Progress.SILENT,
          AT_ONCE);
      assertEquals("heap", assertThrows(OutOfMemoryError.class, fatal::join).getMessage());
      assertInstanceOf(ProgressEvent.Failed.class, fatal.lastEvent().orElseThrow());
      assertEquals(
          "fine", queue.submit(run -> "fine", 1, 0, Progress.SILENT, AT_ONCE).get());
    }
  }

  @Test
  void cancelsAllJobsWhenClosedAndRefusesMore() {
    CountDownLatch gate = new CountDownLatch(1);
    GenerationQueue queue = queue(GenerationQueue.Options.defaults().workers(1));
    GenerationJob<String> runs = queue.submit(
        run -> {
          while (true) {
            run.cancellation().throwIfCancelled();
          }
        },
        1,
        0,
        Progress.SILENT,
        AT_ONCE);
    GenerationJob<String> waits = submit(queue, "waits", 0, new ArrayList<>(), gate);
    queue.close();
    queue.close();
    assertTrue(runs.isDone() && waits.isCancelled());
    assertFalse(waits.cancel(false));
    assertThrows(
        IllegalStateException.class, () -> submit(queue, "late", 0, new ArrayList<>(), gate));
  }

  @Test
  void stopsAllJobsBeforeItRethrowsListenerFailures() {
    GenerationQueue queue = queue(GenerationQueue.Options.defaults().workers(1));
    GenerationJob.Task<String> endless = run -> {
      while (true) {
        run.cancellation().throwIfCancelled();
      }
    };
    GenerationJob<String> runs = queue.submit(endless, 1, 0, Progress.SILENT, AT_ONCE);
    while (queue.running() == 0) {
      Thread.onSpinWait();
    }
    RuntimeException gone = new IllegalArgumentException("the client is gone");
    Progress broken = event -> {
      throw gone;
    };
    List<GenerationJob<String>> waiting = List.of(
        queue.submit(endless, 1, 0, broken, AT_ONCE), queue.submit(endless, 1, 0, broken, AT_ONCE));
    IllegalStateException failed = assertThrows(IllegalStateException.class, queue::close);
    assertEquals(
        "progress listeners threw the suppressed exceptions while the queue was closed",
        failed.getMessage());
    assertEquals(List.of(gone, gone), List.of(failed.getSuppressed()));
    assertTrue(runs.isCancelled() && waiting.stream().allMatch(GenerationJob::isCancelled));
  }

  @Test
  void isClosedByItsOwnJobsWithoutWaitingForThem() {
    GenerationQueue queue = queue(GenerationQueue.Options.defaults().workers(2));
    CountDownLatch both = new CountDownLatch(2);
    GenerationJob.Task<String> closing = run -> {
      both.countDown();
      await(both);
      queue.close();
      return "closed";
    };
    List<GenerationJob<String>> jobs = List.of(
        queue.submit(closing, 1, 0, Progress.SILENT, AT_ONCE),
        queue.submit(closing, 1, 0, Progress.SILENT, AT_ONCE));
    assertEquals(
        List.of("closed", "closed"), jobs.stream().map(GenerationJob::join).toList());
    queue.close();
    assertThrows(
        IllegalStateException.class, () -> queue.submit(closing, 1, 0, Progress.SILENT, AT_ONCE));
  }

  private static void pause(int millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static GenerationQueue queue(GenerationQueue.Options options) {
    return GenerationQueue.on(null, options);
  }

  private static GenerationJob<String> submit(
      GenerationQueue queue, String name, int priority, List<String> done, CountDownLatch gate) {
    return queue.submit(
        run -> {
          await(gate);
          done.add(name);
          return name;
        },
        1,
        priority,
        Progress.SILENT,
        AT_ONCE);
  }
}
