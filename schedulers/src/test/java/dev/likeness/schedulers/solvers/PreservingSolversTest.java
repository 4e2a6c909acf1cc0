package dev.likeness.schedulers.solvers;

import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.Solver;
import dev.likeness.schedulers.SolverContract;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Nested;

/** The contract for the solvers in variance-preserving form, with what each declares of itself. */
class PreservingSolversTest {
  private static final DpmSolverMultistep.FinalOrder KEEP_ORDER =
      new DpmSolverMultistep.FinalOrder(false, false);
  private static final DpmSolverMultistep.FinalOrder EULER_AT_FINAL =
      new DpmSolverMultistep.FinalOrder(true, false);

  @Nested
  class OfDpmSolverPlusPlus2M extends Preserving {
    @Override
    public Solver solver(double[] sigmas) {
      return new DpmSolverMultistep(DpmAlgorithm.DPM_SOLVER_PLUS_PLUS, 2, false, EULER_AT_FINAL);
    }

    @Override
    public int order() {
      return 2;
    }
  }

  @Nested
  class OfDpmSolverPlusPlus3M extends OfDpmSolverPlusPlus2M {
    @Override
    public Solver solver(double[] sigmas) {
      return new DpmSolverMultistep(DpmAlgorithm.DPM_SOLVER_PLUS_PLUS, 3, true, EULER_AT_FINAL);
    }
  }

  @Nested
  class OfDpmSolverOfNoise extends Preserving {
    @Override
    public Solver solver(double[] sigmas) {
      return new DpmSolverMultistep(DpmAlgorithm.DPM_SOLVER, 2, true, KEEP_ORDER);
    }

    @Override
    public int order() {
      return 2;
    }

    @Override
    public boolean endsAtZero() {
      return false;
    }
  }

  @Nested
  class OfDpmSolverSde extends Preserving {
    @Override
    public Solver solver(double[] sigmas) {
      return new DpmSolverMultistep(
          DpmAlgorithm.SDE_DPM_SOLVER_PLUS_PLUS, 2, false, EULER_AT_FINAL);
    }
  }

  @Nested
  class OfDpmSolverSdeOfNoise extends Preserving {
    // Extrapolated noise is noise of its own.
    @Override
    public boolean keepsTheNoiseOfItsLevel() {
      return false;
    }

    @Override
    public Solver solver(double[] sigmas) {
      return new DpmSolverMultistep(DpmAlgorithm.SDE_DPM_SOLVER, 2, true, KEEP_ORDER);
    }

    @Override
    public double bound() {
      return 1e4;
    }

    @Override
    public boolean endsAtZero() {
      return false;
    }
  }

  @Nested
  class OfSinglestep2 extends Preserving {
    @Override
    public Solver solver(double[] sigmas) {
      return new DpmSolverSinglestep(DpmAlgorithm.DPM_SOLVER_PLUS_PLUS, orders(sigmas, 2), false);
    }

    @Override
    public int order() {
      return 2;
    }
  }

  @Nested
  class OfSinglestep3 extends OfSinglestep2 {
    @Override
    public Solver solver(double[] sigmas) {
      return new DpmSolverSinglestep(DpmAlgorithm.DPM_SOLVER_PLUS_PLUS, orders(sigmas, 3), true);
    }

    @Override
    public int order() {
      return 3;
    }
  }

  @Nested
  class OfUniPc extends Preserving {
    @Override
    public Solver solver(double[] sigmas) {
      return new UniPc(2, false, true, false, Set.of());
    }

    @Override
    public int order() {
      return 3;
    }
  }

  @Nested
  class OfUniPc3OfTheFirstKind extends OfUniPc {
    @Override
    public Solver solver(double[] sigmas) {
      return new UniPc(3, true, true, false, Set.of());
    }

    @Override
    public int order() {
      return 4;
    }
  }

  @Nested
  class OfUniPcThatLowersItsOrder extends OfUniPc {
    @Override
    public Solver solver(double[] sigmas) {
      return new UniPc(3, false, true, true, Set.of());
    }

    @Override
    public int order() {
      return 2;
    }
  }

  @Nested
  class OfUniPcOfNoise extends OfUniPc {
    @Override
    public Solver solver(double[] sigmas) {
      return new UniPc(2, false, false, false, Set.of(1));
    }

    @Override
    public boolean endsAtZero() {
      return false;
    }
  }

  @Nested
  class OfDeis extends Preserving {
    @Override
    public Solver solver(double[] sigmas) {
      return new Deis(2, KEEP_ORDER);
    }

    @Override
    public int order() {
      return 2;
    }

    @Override
    public boolean endsAtZero() {
      return false;
    }
  }

  @Nested
  class OfDeis3 extends OfDeis {
    @Override
    public Solver solver(double[] sigmas) {
      return new Deis(3, KEEP_ORDER);
    }

    @Override
    public int order() {
      return 3;
    }
  }

  @Nested
  class OfSaSolver extends Preserving {
    @Override
    public Solver solver(double[] sigmas) {
      return new SaSolver(2, 2, true, true, false, timestep -> 1);
    }

    @Override
    public boolean endsAtZero() {
      return false;
    }
  }

  @Nested
  class OfSaSolverWithoutNoise extends OfSaSolver {
    @Override
    public Solver solver(double[] sigmas) {
      return new SaSolver(3, 3, true, false, false, timestep -> 0);
    }

    @Override
    public int order() {
      return 3;
    }
  }

  @Nested
  class OfSaSolver4 extends OfSaSolverWithoutNoise {
    @Override
    public Solver solver(double[] sigmas) {
      return new SaSolver(4, 4, false, false, false, timestep -> 0);
    }
  }

  @Nested
  class OfIpndm extends Preserving {
    @Override
    public Solver solver(double[] sigmas) {
      return new Ipndm();
    }

    @Override
    public int order() {
      return 2;
    }

    @Override
    public boolean endsAtZero() {
      return false;
    }
  }

  @Nested
  class OfDdim extends Preserving {
    @Override
    public Solver solver(double[] sigmas) {
      return new Ddim(0);
    }

    @Override
    public int order() {
      return 1;
    }
  }

  @Nested
  class OfDdimWithNoise extends Preserving {
    @Override
    public Solver solver(double[] sigmas) {
      return new Ddim(1);
    }
  }

  @Nested
  class OfDdpm extends Preserving {
    @Override
    public Solver solver(double[] sigmas) {
      return new Ddpm(Ddpm.Variance.SMALL, 0, true);
    }
  }

  @Nested
  class OfDdpmWithLargeVariance extends Preserving {
    // The step's beta is not the posterior's variance.
    @Override
    public boolean keepsTheNoiseOfItsLevel() {
      return false;
    }

    @Override
    public Solver solver(double[] sigmas) {
      return new Ddpm(Ddpm.Variance.LARGE, 1e-20, false);
    }
  }

  @Nested
  class OfLcm extends Preserving {
    // Its last step adds none.
    @Override
    public boolean keepsTheNoiseOfItsLevel() {
      return false;
    }

    @Override
    public Solver solver(double[] sigmas) {
      return new Lcm(1e9); // the boundary condition lets go of the sample at once
    }
  }

  @Nested
  class OfTcd extends Preserving {
    @Override
    public Solver solver(double[] sigmas) {
      return new Tcd(0.3, timestep -> level(timestep / 1e6));
    }

    @Override
    public double timestep(double sigma) {
      return Math.rint(sigma * 1e6);
    }
  }

  @Nested
  class OfTcdWithoutNoise extends OfTcd {
    // Its levels are rounded to timesteps.
    @Override
    public boolean keepsTheNoiseOfItsLevel() {
      return false;
    }

    @Override
    public Solver solver(double[] sigmas) {
      return new Tcd(0, timestep -> level(timestep / 1e6));
    }

    @Override
    public int order() {
      return 1;
    }
  }

  @Nested
  class OfTrigFlow extends Preserving {
    @Override
    public Solver solver(double[] sigmas) {
      return new TrigFlow(1);
    }

    @Override
    public double timestep(double sigma) {
      return Math.atan(sigma);
    }
  }

  @Nested
  class OfRenoise extends Preserving {
    // Its last step adds none.
    @Override
    public boolean keepsTheNoiseOfItsLevel() {
      return false;
    }

    @Override
    public Solver solver(double[] sigmas) {
      return new ConsistencyMultistep(false);
    }
  }

  /**
   * Steps of 1, 2 ... order calls again and again; the last of order 1 where it ends without noise.
   */
  private static List<Integer> orders(double[] sigmas, int order) {
    int last = sigmas.length - 2;
    return IntStream.rangeClosed(0, last)
        .map(i -> i == last && sigmas[last + 1] == 0 ? 1 : i % order + 1)
        .boxed()
        .toList();
  }

  /** A solver for variance-preserving ladders that says nothing of its order. */
  private abstract static class Preserving implements SolverContract {
    @Override
    public NoiseLevel level(double sigma) {
      return NoiseLevel.variancePreserving(sigma);
    }

    @Override
    public int order() {
      return 0;
    }
  }
}
