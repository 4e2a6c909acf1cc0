package dev.likeness.schedulers.solvers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.Solver;
import dev.likeness.schedulers.SolverContract;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** The contract for every solver, with what each declares of itself. */
class SolversTest {
  private static final OrderAtEnd NEVER_LOWER = new OrderAtEnd(false, false);
  private static final OrderAtEnd FIRST_AT_LAST = new OrderAtEnd(true, false);

  @Nested class OfEuler implements SolverContract {
    @Override public Solver solver(int steps) {
      return new Euler();
    }

    @Override public int order() {
      return 1;
    }
  }

  @Nested class OfEulerInFlow extends OfEuler {
    @Override public NoiseLevel level(double sigma) {
      return NoiseLevel.flow(sigma / (1 + sigma));
    }
  }

  @Nested class OfChurnedEuler implements SolverContract {
    @Override public Solver solver(int steps) {
      return new Euler(new Churn(3, 0.05, 5, 1, sigma -> sigma));
    }

    @Override public int order() {
      return 0;
    }
  }

  @Nested class OfEulerAncestral implements SolverContract {
    @Override public Solver solver(int steps) {
      return new EulerAncestral(1, 1);
    }

    @Override public int order() {
      return 0;
    }
  }

  @Nested class OfEulerAncestralWithoutNoise extends OfEuler {
    @Override public Solver solver(int steps) {
      return new EulerAncestral(0, 1);
    }
  }

  @Nested class OfHeun implements SolverContract {
    @Override public Solver solver(int steps) {
      return new Heun();
    }

    @Override public int order() {
      return 2;
    }
  }

  @Nested class OfDpm2 implements SolverContract {
    @Override public Solver solver(int steps) {
      return new Dpm2(Churn.NONE, sigma -> sigma);
    }

    @Override public int order() {
      return 2;
    }
  }

  @Nested class OfDpm2Ancestral implements SolverContract {
    @Override public Solver solver(int steps) {
      return new Dpm2Ancestral(1, 1, sigma -> sigma);
    }

    @Override public int order() {
      return 0;
    }
  }

  @Nested class OfLms implements SolverContract {
    @Override public Solver solver(int steps) {
      return new Lms(4);
    }

    @Override public int order() {
      return 2;
    }

    @Override public boolean endsClean() {
      return false;
    }
  }

  @Nested class OfDpmPlusPlus2SAncestral implements SolverContract {
    @Override public Solver solver(int steps) {
      return new DpmPlusPlus2SAncestral(1, 1, sigma -> sigma);
    }

    @Override public int order() {
      return 0;
    }
  }

  @Nested class OfDpmPlusPlus2SWithoutNoise implements SolverContract {
    @Override public Solver solver(int steps) {
      return new DpmPlusPlus2SAncestral(0, 1, sigma -> sigma);
    }

    @Override public int order() {
      return 2;
    }
  }

  @Nested class OfDpmPlusPlusSde implements SolverContract {
    @Override public Solver solver(int steps) {
      return new DpmPlusPlusSde(1, 1, sigma -> sigma);
    }

    @Override public int order() {
      return 0;
    }
  }

  @Nested class OfDpmPlusPlusSdeWithoutNoise extends OfHeun {
    @Override public Solver solver(int steps) {
      return new DpmPlusPlusSde(0, 1, sigma -> sigma);
    }
  }

  @Nested class OfDpmPlusPlus2MSde implements SolverContract {
    @Override public Solver solver(int steps) {
      return new DpmPlusPlusMSde(2, false, 1, 1);
    }

    @Override public int order() {
      return 0;
    }
  }

  @Nested class OfDpmPlusPlus2MWithoutNoise extends OfHeun {
    @Override public Solver solver(int steps) {
      return new DpmPlusPlusMSde(2, true, 0, 1);
    }
  }

  @Nested class OfDpmPlusPlus3MSde extends OfDpmPlusPlus2MSde {
    @Override public Solver solver(int steps) {
      return new DpmPlusPlusMSde(3, true, 1, 1);
    }
  }

  @Nested class OfDpmPlusPlus3MWithoutNoise extends OfHeun {
    @Override public Solver solver(int steps) {
      return new DpmPlusPlusMSde(3, true, 0, 1);
    }
  }

  @Nested class OfDpmSolverPlusPlus2M extends Preserving {
    @Override public Solver solver(int steps) {
      return new DpmSolverMultistep(DpmAlgorithm.DATA, 2, false, FIRST_AT_LAST);
    }

    @Override public int order() {
      return 2;
    }
  }

  @Nested class OfDpmSolverPlusPlus3M extends OfDpmSolverPlusPlus2M {
    @Override public Solver solver(int steps) {
      return new DpmSolverMultistep(DpmAlgorithm.DATA, 3, true, FIRST_AT_LAST);
    }
  }

  @Nested class OfDpmSolverOfNoise extends Preserving {
    @Override public Solver solver(int steps) {
      return new DpmSolverMultistep(DpmAlgorithm.NOISE, 2, true, NEVER_LOWER);
    }

    @Override public int order() {
      return 2;
    }

    @Override public boolean endsClean() {
      return false;
    }
  }

  @Nested class OfDpmSolverSde extends Preserving {
    @Override public Solver solver(int steps) {
      return new DpmSolverMultistep(DpmAlgorithm.DATA_SDE, 2, false, FIRST_AT_LAST);
    }
  }

  @Nested class OfDpmSolverSdeOfNoise extends Preserving {
    @Override public Solver solver(int steps) {
      return new DpmSolverMultistep(DpmAlgorithm.NOISE_SDE, 2, true, NEVER_LOWER);
    }

    @Override public int leastSteps() {
      return 7;
    }

    @Override public boolean endsClean() {
      return false;
    }
  }

  @Nested class OfSinglestep2 extends Preserving {
    @Override public Solver solver(int steps) {
      return new DpmSolverSinglestep(DpmAlgorithm.DATA, orders(steps, 2), false);
    }

    @Override public int order() {
      return 2;
    }
  }

  @Nested class OfSinglestep3 extends OfSinglestep2 {
    @Override public Solver solver(int steps) {
      return new DpmSolverSinglestep(DpmAlgorithm.DATA, IntStream.range(0, steps).map(i -> i % 3 + 1).boxed().toList(), true);
    }

    @Override public boolean endsClean() {
      return false;
    }
  }

  @Nested class OfUniPc extends Preserving {
    @Override public Solver solver(int steps) {
      return new UniPc(2, false, true, true, Set.of());
    }

    @Override public int order() {
      return 2;
    }
  }

  @Nested class OfUniPc3OfTheFirstKind extends OfUniPc {
    @Override public Solver solver(int steps) {
      return new UniPc(3, true, true, true, Set.of());
    }
  }

  @Nested class OfUniPcOfNoise extends OfUniPc {
    @Override public Solver solver(int steps) {
      return new UniPc(2, false, false, false, Set.of(1));
    }

    @Override public boolean endsClean() {
      return false;
    }
  }

  @Nested class OfDeis extends Preserving {
    @Override public Solver solver(int steps) {
      return new Deis(2, NEVER_LOWER);
    }

    @Override public int order() {
      return 2;
    }

    @Override public boolean endsClean() {
      return false;
    }
  }

  @Nested class OfDeis3 extends OfDeis {
    @Override public Solver solver(int steps) {
      return new Deis(3, NEVER_LOWER);
    }
  }

  @Nested class OfSaSolver extends Preserving {
    @Override public Solver solver(int steps) {
      return new SaSolver(2, 2, true, true, timestep -> 1);
    }

    @Override public boolean endsClean() {
      return false;
    }
  }

  @Nested class OfSaSolverWithoutNoise extends OfSaSolver {
    @Override public Solver solver(int steps) {
      return new SaSolver(3, 3, true, false, timestep -> 0);
    }

    @Override public int order() {
      return 2;
    }
  }

  @Nested class OfDdim extends Preserving {
    @Override public Solver solver(int steps) {
      return new Ddim(0);
    }

    @Override public int order() {
      return 1;
    }
  }

  @Nested class OfDdimWithNoise extends Preserving {
    @Override public Solver solver(int steps) {
      return new Ddim(1);
    }
  }

  @Nested class OfDdpm extends Preserving {
    @Override public Solver solver(int steps) {
      return new Ddpm(Ddpm.Variance.SMALL, 0, true);
    }
  }

  @Nested class OfDdpmWithLargeVariance extends Preserving {
    @Override public Solver solver(int steps) {
      return new Ddpm(Ddpm.Variance.LARGE, 1e-20, false);
    }
  }

  @Nested class OfRenoise extends Preserving {
    @Override public Solver solver(int steps) {
      return new Renoise(false);
    }
  }

  @Nested class OfResMultistep extends OfHeun {
    @Override public Solver solver(int steps) {
      return new ResMultistep(0, 1);
    }
  }

  @Nested class OfResMultistepAncestral extends OfEulerAncestral {
    @Override public Solver solver(int steps) {
      return new ResMultistep(1, 1);
    }
  }

  @Nested class OfGradientEstimation extends OfEuler {
    @Override public Solver solver(int steps) {
      return new GradientEstimation(2);
    }
  }

  @Nested class OfDpmFast implements SolverContract {
    @Override public Solver solver(int steps) {
      return new DpmFast(Collections.nCopies(steps, 3), 0, 1, sigma -> sigma);
    }

    @Override public int order() {
      return 3;
    }

    @Override public boolean endsClean() {
      return false;
    }
  }

  @Nested class OfRestart implements SolverContract {
    @Override public Solver solver(int steps) {
      return new Restart(0.1, 2, 4, 2, sigma -> sigma);
    }

    @Override public int order() {
      return 0;
    }
  }

  @Nested class OfFlowEulerAncestral extends OfEulerInFlow {
    @Override public Solver solver(int steps) {
      return new FlowEulerAncestral(1, 1);
    }

    @Override public int order() {
      return 0;
    }
  }

  @Nested class OfFlowDpm2Ancestral extends OfFlowEulerAncestral {
    @Override public Solver solver(int steps) {
      return new FlowDpm2Ancestral(1, 1, sigma -> sigma);
    }
  }

  @Nested class OfFlowDpm2WithoutNoise extends OfFlowEulerAncestral {
    @Override public Solver solver(int steps) {
      return new FlowDpm2Ancestral(0, 1, sigma -> sigma);
    }

    @Override public int order() {
      return 2;
    }
  }

  @Nested class OfFlowDpmPlusPlus2SAncestral extends OfFlowEulerAncestral {
    @Override public Solver solver(int steps) {
      return new FlowDpmPlusPlus2SAncestral(1, 1, sigma -> sigma);
    }
  }

  @Nested class OfFlowDpmPlusPlus2SWithoutNoise extends OfFlowDpm2WithoutNoise {
    @Override public Solver solver(int steps) {
      return new FlowDpmPlusPlus2SAncestral(0, 1, sigma -> sigma);
    }
  }

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

  private static List<Integer> orders(int steps, int order) {
    return IntStream.range(0, steps).map(i -> i == steps - 1 ? 1 : i % order + 1).boxed().toList();
  }

  /** A solver for variance-preserving ladders that says nothing of its order. */
  private abstract static class Preserving implements SolverContract {
    @Override public NoiseLevel level(double sigma) {
      return NoiseLevel.preserving(sigma);
    }

    @Override public int order() {
      return 0;
    }
  }
}
