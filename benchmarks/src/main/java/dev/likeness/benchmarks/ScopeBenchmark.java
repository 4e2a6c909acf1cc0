package dev.likeness.benchmarks;

import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.concurrent.TimeUnit;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does a block of native memory cost? Beside one small addition, closed by hand, which is the
 * baseline.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class ScopeBenchmark {
  private final Tensor one = torch.ones(8);

  @Benchmark
  public long baseline() {
    try (NoGradGuard guard = new NoGradGuard();
        Tensor sum = one.add(one)) {
      return sum.numel();
    }
  }

  @Benchmark
  public long scoped() {
    try (NoGradGuard guard = new NoGradGuard();
        TensorScope scope = TensorScope.open()) {
      return one.add(one).numel();
    }
  }
}
