package dev.likeness.schedulers.solvers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.Solver;
import java.util.Set;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** What solvers refuse, and what they count. */
class SolverRefusalsTest {
  private static final OrderAtEnd NEVER_LOWER = new OrderAtEnd(false, false);

  @Test void spendsExactlyTheCallsOfDpmFast() {
    for (int calls = 1; calls <= 30; calls++) {
      assertEquals(calls, DpmFast.ordersOf(calls).stream().mapToInt(Integer::intValue).sum());
    }
  }

  @Test void refusesOrdersThatAMethodDoesNotHave() {
    refuses("LMS needs an order of 1 to 4, got 5", () -> new Lms(5));
    refuses("DEIS needs an order of 1 to 3, got 4", () -> new Deis(4, NEVER_LOWER));
    refuses("UniPC needs an order of at least 1, got 0", () -> new UniPc(0, true, true, true, Set.of()));
    refuses("SA-Solver needs orders of 1 to 4, got 5 and 1", () -> new SaSolver(5, 1, true, true, t -> 0));
    refuses("multistep SDE-DPM-Solver++ needs an order of 2 or 3, got 1", () -> new DpmPlusPlusMSde(1, true, 1, 1));
    refuses("multistep DPM-Solver needs an order of 1 to 2, got 3",
        () -> new DpmSolverMultistep(DpmAlgorithm.NOISE_SDE, 3, true, NEVER_LOWER));
    refuses("DDIM needs an eta in 0..1, got 1.5", () -> new Ddim(1.5));
    IntFunction<NoiseLevel> levels = timestep -> NoiseLevel.CLEAN;
    refuses("TCD needs an eta in 0..1, got -0.1", () -> new Tcd(-0.1, levels));
  }

  private static void refuses(String message, Executable making) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, making).getMessage());
  }
}
