package dev.likeness.diffusion.internal.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.request.Cancellation;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

class CurrentWorkTest {
  private final Cancellation outer = new Cancellation();
  private final Cancellation inner = new Cancellation();

  private static int part() {
    CurrentWork.throwIfCancelled();
    return 1;
  }

  @Test
  void workWithoutACancellationIsNotStopped() {
    outer.cancel();
    assertEquals(1, part());
  }

  @Test
  void itsOwnCancellationStopsIt() {
    assertEquals(1, inner.run(CurrentWorkTest::part));
    inner.cancel();
    assertThrows(CancelledException.class, () -> inner.run(CurrentWorkTest::part));
    assertEquals(1, part());
  }

  @Test
  void theCancellationOfTheWorkAroundItStopsItToo() {
    outer.cancel();
    assertThrows(CancelledException.class, () -> outer.run(() -> inner.run(CurrentWorkTest::part)));
  }

  @Test
  void anInnerCancellationDoesNotStopTheWorkAroundIt() {
    inner.cancel();
    assertEquals(2, outer.<Integer>run(() -> {
      assertThrows(CancelledException.class, () -> inner.run(CurrentWorkTest::part));
      return 1 + part();
    }));
  }

  @Test
  void anInterruptStopsItAndStaysSet() {
    Thread.currentThread().interrupt();
    try {
      assertThrows(CancelledException.class, () -> inner.run(CurrentWorkTest::part));
    } finally {
      assertEquals(true, Thread.interrupted());
    }
  }

  @Test
  void workThatMustBeFinishedIs() {
    outer.cancel();
    assertEquals(1, outer.<Integer>run(() -> CurrentWork.finish(CurrentWorkTest::part)));
  }

  @Test
  void aPartOnAnotherThreadIsStoppedAndLeavesTheThreadAsItWas() throws Exception {
    ExecutorService other = Executors.newSingleThreadExecutor();
    try {
      Callable<Integer> handedOver = outer.run(() -> CurrentWork.handOver(CurrentWorkTest::part));
      assertEquals(1, other.submit(handedOver).get());
      outer.cancel();
      assertEquals(
          CancelledException.class,
          assertThrows(ExecutionException.class, () -> other.submit(handedOver).get())
              .getCause()
              .getClass());
      assertEquals(1, other.submit(CurrentWorkTest::part).get());
    } finally {
      other.shutdownNow();
    }
  }
}
