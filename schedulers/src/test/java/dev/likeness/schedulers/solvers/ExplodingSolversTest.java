package dev.likeness.schedulers.solvers;

import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.Solver;
import dev.likeness.schedulers.SolverContract;
import java.util.Collections;
import org.junit.jupiter.api.Nested;

/** The contract for the solvers in k-diffusion's form, with what each declares of itself. */
class ExplodingSolversTest {
  @Nested
  class OfEuler implements SolverContract {
    @Override
    public Solver solver(double[] sigmas) {
      return new Euler();
    }

    @Override
    public int order() {
      return 1;
    }
  }

  @Nested
  class OfChurnedEuler implements SolverContract {
    @Override
    public Solver solver(double[] sigmas) {
      return new Euler(new Churn(3, 0.05, 5, 1, sigma -> sigma));
    }

    @Override
    public int order() {
      return 0;
    }
  }

  @Nested
  class OfEulerAncestral implements SolverContract {
    @Override
    public Solver solver(double[] sigmas) {
      return new EulerAncestral(1, 1);
    }

    @Override
    public int order() {
      return 0;
    }
  }

  @Nested
  class OfEulerAncestralWithoutNoise extends OfEuler {
    @Override
    public Solver solver(double[] sigmas) {
      return new EulerAncestral(0, 1);
    }
  }

  @Nested
  class OfHeun implements SolverContract {
    @Override
    public Solver solver(double[] sigmas) {
      return new Heun();
    }

    @Override
    public int order() {
      return 2;
    }
  }

  @Nested
  class OfDpm2 implements SolverContract {
    @Override
    public Solver solver(double[] sigmas) {
      return new Dpm2(Churn.NONE, sigma -> sigma);
    }

    @Override
    public int order() {
      return 2;
    }
  }

  @Nested
  class OfDpm2Ancestral implements SolverContract {
    @Override
    public Solver solver(double[] sigmas) {
      return new Dpm2Ancestral(1, 1, sigma -> sigma);
    }

    @Override
    public int order() {
      return 0;
    }
  }

  @Nested
  class OfLms implements SolverContract {
    @Override
    public Solver solver(double[] sigmas) {
      return new Lms(4);
    }

    @Override
    public int order() {
      return 4;
    }

    @Override
    public boolean endsAtZero() {
      return false;
    }
  }

  @Nested
  class OfLms3 extends OfLms {
    @Override
    public Solver solver(double[] sigmas) {
      return new Lms(3);
    }

    @Override
    public int order() {
      return 3;
    }
  }

  @Nested
  class OfDpmPlusPlus2SAncestral implements SolverContract {
    @Override
    public Solver solver(double[] sigmas) {
      return new DpmPlusPlus2SAncestral(1, 1, false, sigma -> sigma);
    }

    @Override
    public int order() {
      return 0;
    }
  }

  @Nested
  class OfDpmPlusPlus2SWithoutNoise implements SolverContract {
    @Override
    public Solver solver(double[] sigmas) {
      return new DpmPlusPlus2SAncestral(0, 1, false, sigma -> sigma);
    }

    @Override
    public int order() {
      return 2;
    }
  }

  @Nested
  class OfDpmPlusPlusSde implements SolverContract {
    @Override
    public Solver solver(double[] sigmas) {
      return new DpmPlusPlusSde(1, 1, sigma -> sigma);
    }

    @Override
    public int order() {
      return 0;
    }
  }

  @Nested
  class OfDpmPlusPlusSdeWithoutNoise extends OfHeun {
    @Override
    public Solver solver(double[] sigmas) {
      return new DpmPlusPlusSde(0, 1, sigma -> sigma);
    }
  }

  @Nested
  class OfDpmPlusPlus2MSde implements SolverContract {
    @Override
    public Solver solver(double[] sigmas) {
      return new DpmPlusPlusMSde(2, false, 1, 1);
    }

    @Override
    public int order() {
      return 0;
    }
  }

  @Nested
  class OfDpmPlusPlus2MWithoutNoise extends OfHeun {
    @Override
    public Solver solver(double[] sigmas) {
      return new DpmPlusPlusMSde(2, true, 0, 1);
    }
  }

  @Nested
  class OfDpmPlusPlus3MSde extends OfDpmPlusPlus2MSde {
    @Override
    public Solver solver(double[] sigmas) {
      return new DpmPlusPlusMSde(3, true, 1, 1);
    }
  }

  @Nested
  class OfDpmPlusPlus3MWithoutNoise extends OfHeun {
    @Override
    public Solver solver(double[] sigmas) {
      return new DpmPlusPlusMSde(3, true, 0, 1);
    }
  }

  @Nested
  class OfResMultistep extends OfHeun {
    @Override
    public Solver solver(double[] sigmas) {
      return new ResMultistep(0, 1, false);
    }
  }

  @Nested
  class OfResMultistepAncestral extends OfEulerAncestral {
    @Override
    public Solver solver(double[] sigmas) {
      return new ResMultistep(1, 1, false);
    }
  }

  @Nested
  class OfGradientEstimation extends OfEuler {
    @Override
    public Solver solver(double[] sigmas) {
      return new GradientEstimation(2, false);
    }
  }

  @Nested
  class OfResMultistepPlusPlus extends OfHeun {
    @Override
    public Solver solver(double[] sigmas) {
      return new ResMultistep(0, 1, true);
    }
  }

  @Nested
  class OfGradientEstimationPlusPlus extends OfEuler {
    @Override
    public Solver solver(double[] sigmas) {
      return new GradientEstimation(2, true);
    }
  }

  @Nested
  class OfDpmPlusPlus2SPlusPlus extends OfDpmPlusPlus2SWithoutNoise {
    @Override
    public Solver solver(double[] sigmas) {
      return new DpmPlusPlus2SAncestral(0, 1, true, sigma -> sigma);
    }
  }

  @Nested
  class OfDpmPlusPlus2MCfgPlusPlus extends OfHeun {
    @Override
    public Solver solver(double[] sigmas) {
      return new DpmPlusPlus2MCfgPlusPlus();
    }
  }

  @Nested
  class OfEulerCfgPlusPlus extends OfEuler {
    @Override
    public Solver solver(double[] sigmas) {
      return new EulerCfgPlusPlus(0, 1);
    }
  }

  @Nested
  class OfEulerCfgPlusPlusWithNoise extends OfEulerAncestral {
    @Override
    public Solver solver(double[] sigmas) {
      return new EulerCfgPlusPlus(1, 1);
    }
  }

  @Nested
  class OfHeunPlusPlus extends OfEuler {
    @Override
    public Solver solver(double[] sigmas) {
      return new HeunPlusPlus(Churn.NONE);
    }
  }

  @Nested
  class OfIpndmToTheEnd extends OfHeun {
    @Override
    public Solver solver(double[] sigmas) {
      return new Solver.CleanEnd(new Ipndm());
    }
  }

  @Nested
  class OfIpndmOfUnevenSteps extends OfLms {
    @Override
    public Solver solver(double[] sigmas) {
      return new Solver.CleanEnd(new Lms(4));
    }

    @Override
    public boolean endsAtZero() {
      return true;
    }
  }

  @Nested
  class OfDeisToTheEnd extends OfLms3 {
    @Override
    public Solver solver(double[] sigmas) {
      return new Solver.CleanEnd(new Deis(3, new DpmSolverMultistep.FinalOrder(false, false)));
    }

    @Override
    public boolean endsAtZero() {
      return true;
    }
  }

  @Nested
  class OfErSde extends OfEulerAncestral {
    @Override
    public Solver solver(double[] sigmas) {
      return new ErSde(3, 1);
    }
  }

  @Nested
  class OfErSdeOfOneStage extends OfEulerAncestral {
    @Override
    public Solver solver(double[] sigmas) {
      return new ErSde(1, 1);
    }
  }

  @Nested
  class OfSeeds2 extends OfEulerAncestral {
    @Override
    public Solver solver(double[] sigmas) {
      return new Seeds2(0.5, false, 1, 1, NoiseLevel::varianceExploding, sigma -> sigma);
    }
  }

  @Nested
  class OfSeeds2WithoutNoise extends OfHeun {
    @Override
    public Solver solver(double[] sigmas) {
      return new Seeds2(0.5, false, 0, 1, NoiseLevel::varianceExploding, sigma -> sigma);
    }
  }

  @Nested
  class OfExponentialHeun extends OfHeun {
    @Override
    public Solver solver(double[] sigmas) {
      return new Seeds2(1, true, 0, 1, NoiseLevel::varianceExploding, sigma -> sigma);
    }
  }

  @Nested
  class OfSeeds3 extends OfEulerAncestral {
    @Override
    public Solver solver(double[] sigmas) {
      return new Seeds3(1, 1, NoiseLevel::varianceExploding, sigma -> sigma);
    }
  }

  @Nested
  class OfSeeds3WithoutNoise implements SolverContract {
    @Override
    public Solver solver(double[] sigmas) {
      return new Seeds3(0, 1, NoiseLevel::varianceExploding, sigma -> sigma);
    }

    @Override
    public int order() {
      return 3;
    }
  }

  @Nested
  class OfSaSolverPece extends OfLms3 {
    @Override
    public Solver solver(double[] sigmas) {
      return new SaSolver(3, 3, true, false, true, timestep -> 0);
    }

    @Override
    public boolean endsAtZero() {
      return true;
    }
  }

  @Nested
  class OfDpmFast implements SolverContract {
    @Override
    public Solver solver(double[] sigmas) {
      return new DpmFast(Collections.nCopies(sigmas.length - 1, 3), 0, 1, sigma -> sigma);
    }

    @Override
    public int order() {
      return 3;
    }

    @Override
    public boolean endsAtZero() {
      return false;
    }
  }

  @Nested
  class OfConsistencyIterative implements SolverContract {
    // Its levels are counted from the smallest sigma.
    @Override
    public boolean keepsTheNoiseOfItsLevel() {
      return false;
    }

    @Override
    public Solver solver(double[] sigmas) {
      return new ConsistencyMultistep.ConsistencyIterative(0.01, 1);
    }

    @Override
    public int order() {
      return 0;
    }
  }

  @Nested
  class OfRestart implements SolverContract {
    @Override
    public Solver solver(double[] sigmas) {
      return new Restart(0.1, 2, 4, 2, sigma -> sigma);
    }

    @Override
    public int order() {
      return 0;
    }
  }
}
