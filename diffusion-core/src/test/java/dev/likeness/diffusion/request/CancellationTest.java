package dev.likeness.diffusion.request;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.CancelledException;
import org.junit.jupiter.api.Test;

class CancellationTest {
  private final Cancellation all = new Cancellation();
  private final Cancellation part = all.child();

  @Test
  void aPartIsStoppedWithoutTheWhole() {
    part.cancel();
    assertTrue(part.isCancelled());
    assertFalse(all.isCancelled());
  }

  @Test
  void theWholeIsStoppedWithItsParts() {
    all.cancel();
    assertEquals(
        "cancelled by its caller",
        assertThrows(CancelledException.class, part::throwIfCancelled).getMessage());
  }

  @Test
  void anInterruptStopsTheWorkAndStaysSet() {
    Thread.currentThread().interrupt();
    CancelledException stopped = assertThrows(CancelledException.class, part::throwIfCancelled);
    assertTrue(Thread.interrupted());
    assertEquals("cancelled by interrupting its thread", stopped.getMessage());
    part.throwIfCancelled();
  }
}
