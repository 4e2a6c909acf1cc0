package dev.likeness.benchmarks;

import dev.likeness.schedulers.SamplingPlan;
import dev.likeness.schedulers.SchedulerConfig;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does a plan of 50 steps cost, from its config to its last row? The baseline is the noise
 * schedule alone.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class PlanBenchmark {
  @Param({
    "DDIMScheduler",
    "EulerDiscreteScheduler",
    "PNDMScheduler",
    "DPMSolverMultistepScheduler",
    "UniPCMultistepScheduler"
  })
  public String scheduler;

  @Benchmark
  public Object baseline() {
    return SchedulerConfig.of(config()).noiseSchedule();
  }

  @Benchmark
  public SamplingPlan fiftySteps() {
    return SchedulerConfig.of(config()).plan(50);
  }

  private Map<String, Object> config() {
    return Map.of(
        "_class_name",
        scheduler,
        "beta_start",
        0.00085,
        "beta_end",
        0.012,
        "beta_schedule",
        "scaled_linear");
  }
}
