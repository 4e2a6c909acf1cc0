package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.cli.console.ExitStatus;
import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import org.junit.jupiter.api.Test;

class ExitStatusTest {
  @Test
  void distinguishesUserInputAndMachine() {
    assertEquals(2, ExitStatus.of(new IllegalArgumentException("--count 0")).code());
    assertEquals(3, ExitStatus.of(new InvalidInputException("broken")).code());
    assertEquals(4, ExitStatus.of(new ResourceLimitException("full")).code());
    assertEquals(130, ExitStatus.of(new CancelledException("stopped")).code());
    assertEquals(1, ExitStatus.of(new IllegalStateException("a bug")).code());
  }

  @Test
  void knowsEveryWayOfHavingNoMemory() {
    assertEquals(4, ExitStatus.of(new OutOfMemoryError("Java heap space")).code());
    assertEquals(4, ExitStatus.of(new RuntimeException("std::bad_alloc")).code());
    assertEquals(
        4,
        ExitStatus.of(new RuntimeException("CUDA out of memory. Tried to allocate 2 GiB"))
            .code());
    assertEquals(
        4,
        ExitStatus.of(
                new RuntimeException(
                    "[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: can't allocate memory"))
            .code());
  }
}
