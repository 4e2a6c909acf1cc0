package dev.likeness.schedulers.solvers;

import dev.likeness.schedulers.Solver;
import dev.likeness.schedulers.SolverContract;
import java.util.Collections;
import org.junit.jupiter.api.Nested;

/** The contract for the solvers in k-diffusion's form, with what each declares of itself. */
class ExplodingSolversTest {
  @Nested class OfEuler implements SolverContract {
    @Override public Solver solver(double[] sigmas) {
      return new Euler();
    }

    @Override public int order() {
      return 1;
    }
  }

  @Nested class OfChurnedEuler implements SolverContract {
    @Override public Solver solver(double[] sigmas) {
      return new Euler(new Churn(3, 0.05, 5, 1, sigma -> sigma));
    }

    @Override public int order() {
      return 0;
    }
  }

  @Nested class OfEulerAncestral implements SolverContract {
    @Override public Solver solver(double[] sigmas) {
      return new EulerAncestral(1, 1);
    }

    @Override public int order() {
      return 0;
    }
  }

  @Nested class OfEulerAncestralWithoutNoise extends OfEuler {
    @Override public Solver solver(double[] sigmas) {
      return new EulerAncestral(0, 1);
    }
  }

  @Nested class OfHeun implements SolverContract {
    @Override public Solver solver(double[] sigmas) {
      return new Heun();
    }

    @Override public int order() {
      return 2;
    }
  }

  @Nested class OfDpm2 implements SolverContract {
    @Override public Solver solver(double[] sigmas) {
      return new Dpm2(Churn.NONE, sigma -> sigma);
    }

    @Override public int order() {
      return 2;
    }
  }

  @Nested class OfDpm2Ancestral implements SolverContract {
    @Override public Solver solver(double[] sigmas) {
      return new Dpm2Ancestral(1, 1, sigma -> sigma);
    }

    @Override public int order() {
      return 0;
    }
  }

  @Nested class OfLms implements SolverContract {
    @Override public Solver solver(double[] sigmas) {
      return new Lms(4);
    }

    @Override public int order() {
      return 4;
    }

    @Override public boolean endsClean() {
      return false;
    }
  }

  @Nested class OfLms3 extends OfLms {
    @Override public Solver solver(double[] sigmas) {
      return new Lms(3);
    }

    @Override public int order() {
      return 3;
    }
  }

  @Nested class OfDpmPlusPlus2SAncestral implements SolverContract {
    @Override public Solver solver(double[] sigmas) {
      return new DpmPlusPlus2SAncestral(1, 1, sigma -> sigma);
    }

    @Override public int order() {
      return 0;
    }
  }

  @Nested class OfDpmPlusPlus2SWithoutNoise implements SolverContract {
    @Override public Solver solver(double[] sigmas) {
      return new DpmPlusPlus2SAncestral(0, 1, sigma -> sigma);
    }

    @Override public int order() {
      return 2;
    }
  }

  @Nested class OfDpmPlusPlusSde implements SolverContract {
    @Override public Solver solver(double[] sigmas) {
      return new DpmPlusPlusSde(1, 1, sigma -> sigma);
    }

    @Override public int order() {
      return 0;
    }
  }

  @Nested class OfDpmPlusPlusSdeWithoutNoise extends OfHeun {
    @Override public Solver solver(double[] sigmas) {
      return new DpmPlusPlusSde(0, 1, sigma -> sigma);
    }
  }

  @Nested class OfDpmPlusPlus2MSde implements SolverContract {
    @Override public Solver solver(double[] sigmas) {
      return new DpmPlusPlusMSde(2, false, 1, 1);
    }

    @Override public int order() {
      return 0;
    }
  }

  @Nested class OfDpmPlusPlus2MWithoutNoise extends OfHeun {
    @Override public Solver solver(double[] sigmas) {
      return new DpmPlusPlusMSde(2, true, 0, 1);
    }
  }

  @Nested class OfDpmPlusPlus3MSde extends OfDpmPlusPlus2MSde {
    @Override public Solver solver(double[] sigmas) {
      return new DpmPlusPlusMSde(3, true, 1, 1);
    }
  }

  @Nested class OfDpmPlusPlus3MWithoutNoise extends OfHeun {
    @Override public Solver solver(double[] sigmas) {
      return new DpmPlusPlusMSde(3, true, 0, 1);
    }
  }

  @Nested class OfResMultistep extends OfHeun {
    @Override public Solver solver(double[] sigmas) {
      return new ResMultistep(0, 1);
    }
  }

  @Nested class OfResMultistepAncestral extends OfEulerAncestral {
    @Override public Solver solver(double[] sigmas) {
      return new ResMultistep(1, 1);
    }
  }

  @Nested class OfGradientEstimation extends OfEuler {
    @Override public Solver solver(double[] sigmas) {
      return new GradientEstimation(2);
    }
  }

  @Nested class OfDpmFast implements SolverContract {
    @Override public Solver solver(double[] sigmas) {
      return new DpmFast(Collections.nCopies(sigmas.length - 1, 3), 0, 1, sigma -> sigma);
    }

    @Override public int order() {
      return 3;
    }

    @Override public boolean endsClean() {
      return false;
    }
  }

  @Nested class OfConsistencyIterative implements SolverContract {
    @Override public Solver solver(double[] sigmas) {
      return new ConsistencyIterative(0.01, 1);
    }

    @Override public int order() {
      return 0;
    }
  }

  @Nested class OfRestart implements SolverContract {
    @Override public Solver solver(double[] sigmas) {
      return new Restart(0.1, 2, 4, 2, sigma -> sigma);
    }

    @Override public int order() {
      return 0;
    }
  }
}
