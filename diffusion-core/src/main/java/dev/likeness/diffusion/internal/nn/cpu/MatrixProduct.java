package dev.likeness.diffusion.internal.nn.cpu;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Products of f32 matrices on all threads, without autograd. OpenBLAS has one thread here (see
 * {@code NativeLibraries.cpuVariables}), because its own would disturb those of libtorch. So each
 * thread multiplies a part of the rows or of the columns. Unlike oneDNN, OpenBLAS reads a
 * transposed matrix as fast, and needs no copy of a weight in an order of its own.
 */
public final class MatrixProduct {
  /** Multiplications from which a second thread saves more than it costs to wake it. */
  private static final long MIN_MULTIPLICATIONS = 1 << 22;

  /** Parts begin at multiples of the rows that OpenBLAS multiplies at once. */
  private static final long BLOCK = 16;

  /** A product of low rank: {@code left} [n, r] times {@code right} [r, m]. */
  public record LowRank(Tensor left, Tensor right) {}

  private MatrixProduct() {}

  /** Returns {@code x} [n, k] times {@code matrix} [k, m]. */
  public static Tensor of(Tensor x, Tensor matrix) {
    Tensor y = x.new_empty(x.size(0), matrix.size(1));
    into(y, x, matrix, List.of());
    return y;
  }

  /**
   * Writes {@code x} [n, k] times {@code matrix} [k, m], plus {@code sums}, to {@code y} [n, m].
   */
  public static void into(Tensor y, Tensor x, Tensor matrix, List<LowRank> sums) {
    int dimension = y.size(0) >= y.size(1) ? 0 : 1;
    long size = y.size(dimension);
    int threads = y.numel() * x.size(1) < MIN_MULTIPLICATIONS ? 1 : CpuThreads.count();
    long part = ((size + threads - 1) / threads + BLOCK - 1) / BLOCK * BLOCK;
    CpuThreads.run((int) ((size + part - 1) / part), index -> {
      long from = index * part;
      long count = Math.min(part, size - from);
      Tensor out = y.narrow(dimension, from, count);
      torch.mm_out(out, rows(x, dimension, from, count), columns(matrix, dimension, from, count));
      for (LowRank sum : sums) {
        out.addmm_(
            rows(sum.left, dimension, from, count), columns(sum.right, dimension, from, count));
      }
    });
  }

  private static Tensor rows(Tensor left, int dimension, long from, long count) {
    return dimension == 0 ? left.narrow(0, from, count) : left;
  }

  private static Tensor columns(Tensor right, int dimension, long from, long count) {
    return dimension == 1 ? right.narrow(1, from, count) : right;
  }
}
