package dev.likeness.benchmarks;

import dev.likeness.diffusion.internal.nn.ScaledDotProduct;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.tensor.DType;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Which kernel is the fastest for an attention of SD 1.5 and SDXL, two images of eight heads? The
 * baseline is libtorch's fused kernel; beside it the scores of all heads spelled out as a whole,
 * and what {@link ScaledDotProduct} chooses of these and its own blocks of rows.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 1, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(1)
public class AttentionBenchmark {
  @Param({"bf16", "f32"})
  public String dtype;

  /** Queries, keys and the width of a head. */
  @Param({"4096x4096x40", "1024x1024x80", "4096x77x40", "1024x1024x64"})
  public String shape;

  private TensorScope scope;
  private NoGradGuard guard;
  private Tensor queries;
  private Tensor keys;
  private Tensor values;

  @Setup(Level.Trial)
  public void fill() {
    scope = TensorScope.open();
    guard = new NoGradGuard();
    long[] sizes = Arrays.stream(shape.split("x")).mapToLong(Long::parseLong).toArray();
    queries = heads(sizes[0], sizes[2]);
    keys = heads(sizes[1], sizes[2]);
    values = heads(sizes[1], sizes[2]);
  }

  /** As a projection leaves them: a token's heads beside one another. */
  private Tensor heads(long tokens, long width) {
    return torch
        .randn(2, tokens, 8 * width)
        .to(Tensors.scalarType(DType.valueOf(dtype.toUpperCase(Locale.ROOT))))
        .view(2, tokens, 8, width)
        .transpose(1, 2);
  }

  @TearDown(Level.Trial)
  public void free() {
    guard.close();
    scope.close();
  }

  @Benchmark
  public long baseline() {
    try (TensorScope call = TensorScope.open()) {
      return torch.scaled_dot_product_attention(queries, keys, values).numel();
    }
  }

  @Benchmark
  public long fullMatrix() {
    try (TensorScope call = TensorScope.open()) {
      Tensor scores = torch.matmul(
          queries.mul(new Scalar(1 / Math.sqrt(queries.size(3)))), keys.transpose(-2, -1));
      return torch.matmul(torch.softmax(scores, -1), values).numel();
    }
  }

  @Benchmark
  public long selectedKernel() {
    try (TensorScope call = TensorScope.open()) {
      return ScaledDotProduct.attend(queries, keys, values).numel();
    }
  }
}
