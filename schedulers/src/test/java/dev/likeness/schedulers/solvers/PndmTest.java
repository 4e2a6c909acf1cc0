package dev.likeness.schedulers.solvers;

import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.Prediction;
import dev.likeness.schedulers.SigmaSchedule;
import dev.likeness.schedulers.Solver;
import dev.likeness.schedulers.SolverContract;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Nested;

/**
 * The contract for PNDM, whose schedule has rows in place of steps: timestep 2k is k steps from the
 * end.
 */
class PndmTest {
  @Nested
  class WithARepeatedStep extends OfPndm {
    @Override
    int rungeKuttaRows() {
      return 0;
    }

    @Override
    DoubleStream rows(int steps) {
      IntStream repeated = steps == 1
          ? IntStream.of(1)
          : IntStream.concat(
              IntStream.of(steps, steps - 1),
              IntStream.iterate(steps - 1, left -> left > 0, left -> left - 1));
      return repeated.mapToDouble(left -> 2.0 * left);
    }
  }

  @Nested
  class WithARungeKuttaStart extends OfPndm {
    @Override
    int rungeKuttaRows() {
      return 12;
    }

    @Override
    public int minSteps() {
      return 4;
    }

    @Override
    DoubleStream rows(int steps) {
      return DoubleStream.concat(
          IntStream.of(0, 1, 2)
              .mapToObj(k -> 2.0 * (steps - k))
              .flatMapToDouble(t -> DoubleStream.of(t, t - 1, t - 1, t - 2)),
          IntStream.iterate(steps - 3, left -> left > 0, left -> left - 1)
              .mapToDouble(left -> 2.0 * left));
    }
  }

  /** PNDM of either start. */
  private abstract static class OfPndm implements SolverContract {
    abstract int rungeKuttaRows();

    abstract DoubleStream rows(int steps);

    @Override
    public Solver solver(double[] sigmas) {
      return new Pndm(Prediction.EPSILON, 2, rungeKuttaRows(), levels(sigmas));
    }

    @Override
    public SigmaSchedule sigmaSchedule(double[] sigmas) {
      double[] rows = rows(sigmas.length - 1).toArray();
      List<NoiseLevel> levels = DoubleStream.concat(DoubleStream.of(rows), DoubleStream.of(0))
          .mapToObj(row -> levels(sigmas).apply((int) row))
          .toList();
      return SigmaSchedule.of(rows, levels);
    }

    private IntFunction<NoiseLevel> levels(double[] sigmas) {
      return timestep -> {
        int above = sigmas.length - 1 - (timestep + 1) / 2;
        int below = sigmas.length - 1 - timestep / 2;
        return NoiseLevel.variancePreserving(Math.sqrt(sigmas[above] * sigmas[below]));
      };
    }

    @Override
    public Prediction prediction() {
      return Prediction.EPSILON;
    }

    @Override
    public NoiseLevel level(double sigma) {
      return NoiseLevel.variancePreserving(sigma);
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
}
