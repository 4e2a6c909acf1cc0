package dev.likeness.diffusion.internal.nn.cpu;

import dev.likeness.diffusion.internal.natives.CpuFeatures;
import java.util.List;
import java.util.function.Consumer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/**
 * Products of f32 matrices on all threads, without autograd, that read a weight in the order in
 * which it is stored. On a CPU with AVX2 alone oneDNN has such a product. With AVX-512 it would
 * copy the weight into another order first, so OpenBLAS multiplies there. OpenBLAS has one thread
 * here (see {@code NativeLibraries.cpuVariables}), because its own would disturb those of libtorch.
 * So each thread multiplies a part of the rows or of the columns.
 */
public final class MatrixProduct {
  /** Multiplications from which a second thread saves more than it costs to wake it. */
  private static final long MIN_MULTIPLICATIONS = 1 << 22;

  /** Parts begin at multiples of the rows that OpenBLAS multiplies at once. */
  private static final long BLOCK = 16;

  /**
   * Numbers between two rows that oneDNN reads slowly, as do multiples: 2048 bytes are half of what
   * a way of the first cache holds, so a block's rows displace each other. OpenBLAS copies blocks.
   */
  private static final long SLOW_STRIDE = 512;

  private static final boolean READS_STORED_ORDER =
      torch.hasMKLDNN() && CpuFeatures.ofMachine().endsWithAvx2();

  /** A product of low rank: {@code left} [n, r] times {@code right} [r, m]. */
  public record LowRank(Tensor left, Tensor right) {}

  private MatrixProduct() {}

  /** Returns {@code x} [n, k] times {@code matrix} [k, m]. */
  public static Tensor of(Tensor x, Tensor matrix) {
    return of(x, matrix, List.of());
  }

  /** Returns {@code x} [n, k] times {@code matrix} [k, m], plus {@code sums}. */
  public static Tensor of(Tensor x, Tensor matrix, List<LowRank> sums) {
    boolean needsOneThread = x.numel() * matrix.size(1) < MIN_MULTIPLICATIONS;
    if (!needsOneThread && READS_STORED_ORDER && isReadFast(matrix)) {
      Tensor y = PackedLinear.product(x.contiguous(), matrix.t(), new TensorOptional());
      if (!sums.isEmpty()) {
        inParts(y, CpuThreads.count(), part -> part.add(sums));
      }
      return y;
    }
    Tensor y = x.new_empty(x.size(0), matrix.size(1));
    inParts(y, needsOneThread ? 1 : CpuThreads.count(), part -> {
      torch.mm_out(part.out, part.rows(x), part.columns(matrix));
      part.add(sums);
    });
    return y;
  }

  private static boolean isReadFast(Tensor matrix) {
    return matrix.stride(0) == 1 || matrix.stride(1) == 1 && matrix.stride(0) % SLOW_STRIDE != 0;
  }

  private static void inParts(Tensor y, int threads, Consumer<Part> product) {
    int dimension = y.size(0) >= y.size(1) ? 0 : 1;
    long size = y.size(dimension);
    long count = ((size + threads - 1) / threads + BLOCK - 1) / BLOCK * BLOCK;
    CpuThreads.run((int) ((size + count - 1) / count), index -> {
      long from = index * count;
      long own = Math.min(count, size - from);
      product.accept(new Part(y.narrow(dimension, from, own), dimension, from, own));
    });
  }

  /** The rows or the columns of a product, by {@code dimension}, that one thread computes. */
  private record Part(Tensor out, int dimension, long from, long count) {
    Tensor rows(Tensor left) {
      return dimension == 0 ? left.narrow(0, from, count) : left;
    }

    Tensor columns(Tensor right) {
      return dimension == 1 ? right.narrow(1, from, count) : right;
    }

    void add(List<LowRank> sums) {
      for (LowRank sum : sums) {
        out.addmm_(rows(sum.left), columns(sum.right));
      }
    }
  }
}
