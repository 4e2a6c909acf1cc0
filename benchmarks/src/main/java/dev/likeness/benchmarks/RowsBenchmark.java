package dev.likeness.benchmarks;

import dev.likeness.diffusion.internal.sampling.SamplingLoop;
import dev.likeness.diffusion.internal.sampling.SamplingLoop.StepListener;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.schedulers.SamplingPlan;
import dev.likeness.schedulers.SchedulerConfig;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does a step cost beside the network, on 4x128x128 latents? The network here answers with its
 * input, so what is left is the plan's row: input scaling, denoised prediction, update, scopes and
 * the listener. The baseline is one in-place multiplication of such latents a step.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class RowsBenchmark {
  private static final int STEPS = 50;
  private static final long[] LATENTS = {4, 128, 128};

  @Param({
    "DDIMScheduler",
    "EulerAncestralDiscreteScheduler",
    "DPMSolverMultistepScheduler",
    "UniPCMultistepScheduler"
  })
  public String scheduler;

  private SamplingPlan plan;

  @Setup
  public void plan() {
    plan = SchedulerConfig.of(Map.of("_class_name", scheduler)).plan(STEPS);
  }

  @Benchmark
  @OperationsPerInvocation(STEPS)
  public double baseline() {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard();
        NoiseSource noise = NoiseSource.seeded(1)) {
      Tensor x = noise.next(LATENTS);
      for (int i = 0; i < STEPS; i++) {
        x.mul_(x);
      }
      return x.numel();
    }
  }

  @Benchmark
  @OperationsPerInvocation(STEPS)
  public double rows() {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard();
        NoiseSource noise = NoiseSource.seeded(1)) {
      return SamplingLoop.sample(
              noise.next(LATENTS), plan, (x, step) -> x.alias(), noise, StepListener.NONE)
          .numel();
    }
  }
}
