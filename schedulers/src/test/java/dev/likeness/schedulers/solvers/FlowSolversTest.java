package dev.likeness.schedulers.solvers;

import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.Solver;
import dev.likeness.schedulers.SolverContract;
import org.junit.jupiter.api.Nested;

/** The contract for the solvers of rectified flow, with what each declares of itself. */
class FlowSolversTest {
  @Nested
  class OfEulerInFlow implements SolverContract {
    @Override
    public Solver solver(double[] sigmas) {
      return new Euler();
    }

    @Override
    public int order() {
      return 1;
    }

    @Override
    public NoiseLevel level(double sigma) {
      return NoiseLevel.flow(sigma / (1 + sigma));
    }
  }

  @Nested
  class OfFlowEulerAncestral extends OfEulerInFlow {
    @Override
    public Solver solver(double[] sigmas) {
      return new EulerAncestral.FlowEulerAncestral(1, 1);
    }

    @Override
    public int order() {
      return 0;
    }
  }

  @Nested
  class OfFlowDpm2Ancestral extends OfFlowEulerAncestral {
    @Override
    public Solver solver(double[] sigmas) {
      return new Dpm2Ancestral.FlowDpm2Ancestral(1, 1, sigma -> sigma);
    }
  }

  @Nested
  class OfFlowDpm2WithoutNoise extends OfFlowEulerAncestral {
    @Override
    public Solver solver(double[] sigmas) {
      return new Dpm2Ancestral.FlowDpm2Ancestral(0, 1, sigma -> sigma);
    }

    @Override
    public int order() {
      return 2;
    }
  }

  @Nested
  class OfFlowDpmPlusPlus2SAncestral extends OfFlowEulerAncestral {
    @Override
    public Solver solver(double[] sigmas) {
      return new DpmPlusPlus2SAncestral.FlowDpmPlusPlus2SAncestral(1, 1, sigma -> sigma);
    }
  }

  @Nested
  class OfFlowDpmPlusPlus2SWithoutNoise extends OfFlowDpm2WithoutNoise {
    @Override
    public Solver solver(double[] sigmas) {
      return new DpmPlusPlus2SAncestral.FlowDpmPlusPlus2SAncestral(0, 1, sigma -> sigma);
    }
  }

  @Nested
  class OfErSdeInFlow extends OfFlowEulerAncestral {
    @Override
    public Solver solver(double[] sigmas) {
      return new ErSde(3, 1);
    }
  }

  @Nested
  class OfSeeds2InFlow extends OfFlowEulerAncestral {
    @Override
    public Solver solver(double[] sigmas) {
      return new Seeds2(0.5, false, 1, 1, this::level, sigma -> sigma);
    }
  }

  @Nested
  class OfSeeds3InFlowWithoutNoise extends OfFlowDpm2WithoutNoise {
    @Override
    public Solver solver(double[] sigmas) {
      return new Seeds3(0, 1, this::level, sigma -> sigma);
    }

    @Override
    public int order() {
      return 3;
    }
  }

  @Nested
  class OfEulerCfgPlusPlusInFlow extends OfFlowEulerAncestral {
    @Override
    public Solver solver(double[] sigmas) {
      return new EulerCfgPlusPlus(1, 1);
    }
  }
}
