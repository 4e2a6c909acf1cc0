package dev.likeness.diffusion.internal.nn.cpu;

import dev.likeness.diffusion.internal.io.CurrentWork;
import dev.likeness.diffusion.internal.tensor.CustomGradients;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Attention in bf16 on a CPU. It computes one head after the other in blocks of rows whose scores
 * fit the caches.
 */
public final class BlockedAttention {
  static final long ROWS = 512;

  /**
   * Number of keys from which the transposed product is a quarter faster
   * (benchmarks/cpu-kernels.md).
   */
  private static final long MIN_KEYS = 1024;

  private static final double LOG2_E = 1 / Math.log(2);

  /**
   * The largest exponent of a weight. Sums of thousands of 2^90 and their products with values stay
   * far below bf16's largest number, 2^128.
   */
  private static final double LARGEST_POWER = 90;

  private BlockedAttention() {}

  /**
   * Turns scores into weights. If all scores are small enough, it uses powers of two and need not
   * subtract the maximum. Otherwise it uses softmax.
   */
  record Weighing(double scale, boolean isBaseTwo) {
    static Weighing of(Tensor q, Tensor k, double scale) {
      try (TensorScope scope = TensorScope.open()) {
        // By Cauchy-Schwarz, no score exceeds the largest query norm times the largest key norm.
        return new Weighing(scale, maxNorm(q) * maxNorm(k) * scale * LOG2_E < LARGEST_POWER);
      }
    }

    private static double maxNorm(Tensor vectors) {
      Tensor squares =
          vectors.square().sum(new long[] {3}, false, new ScalarTypeOptional(ScalarType.Float));
      return Math.sqrt(squares.max().item_double());
    }

    /** Returns the factor of queries in addition to {@link #scale}. */
    double unit() {
      return isBaseTwo ? LOG2_E : 1;
    }

    Tensor queries(Tensor q) {
      return q.mul(new Scalar(scale * unit()));
    }

    /**
     * Returns the weights; powers of two are not divided by their sum yet. {@code scores} may be
     * overwritten.
     */
    Tensor weights(Tensor scores) {
      return isBaseTwo ? scores.exp2_() : torch.softmax(scores, -1);
    }
  }

  /**
   * Computes softmax(scale q k') v for queries [batch, heads, n, d], keys and values [batch, heads,
   * m, d].
   */
  public static Tensor of(Tensor q, Tensor k, Tensor v, double scale) {
    return of(q, k, v, Weighing.of(q, k, scale), null);
  }

  /**
   * Computes the attention for training. It stores the inputs and one number for each row, but no
   * weights.
   */
  public static Tensor withGradients(
      Tensor q, Tensor k, Tensor v, double scale, CustomGradients custom) {
    Tensor queries = custom.keep(q);
    Tensor keys = custom.keep(k);
    Tensor values = custom.keep(v);
    Tensor rows = custom.keep(torch.zeros(q.size(0), q.size(1), q.size(2), 1));
    Weighing weighing = Weighing.of(queries, keys, scale);
    Tensor out = of(queries, keys, values, weighing, rows);
    return custom.join(
        out,
        new BlockedGradients(queries, keys, values, custom.keep(out), rows, weighing),
        q,
        k,
        v);
  }

  /**
   * Computes the attention. If {@code rows} [batch, heads, n, 1], f32, is not null, it gets the sum
   * of each row's weights.
   */
  private static Tensor of(Tensor q, Tensor k, Tensor v, Weighing weighing, Tensor rows) {
    Tensor scaled = weighing.queries(q);
    Tensor out = torch.empty_like(q);
    for (long image = 0; image < q.size(0); image++) {
      for (long head = 0; head < q.size(1); head++) {
        try (TensorScope scope = TensorScope.open()) {
          // Contiguous, because the products of every block read keys and values.
          Tensor keys = of(k, image, head).transpose(0, 1).contiguous();
          Tensor values = of(v, image, head);
          Tensor summing =
              torch.cat(new TensorVector(values, values.new_ones(values.size(0), 1)), 1);
          head(
              of(scaled, image, head).contiguous(),
              keys,
              summed(summing),
              weighing,
              of(out, image, head),
              rows == null ? null : of(rows, image, head));
        }
      }
    }
    return out;
  }

  /**
   * Computes one head. The last column of {@code values} is ones, so that the product also has the
   * sums of the weights. The weights are then read half as often as in softmax, with the same
   * rounding.
   */
  private static void head(
      Tensor queries, Tensor keys, Tensor values, Weighing weighing, Tensor out, Tensor rows) {
    long width = out.size(1);
    for (long row = 0; row < out.size(0); row += ROWS) {
      CurrentWork.throwIfCancelled();
      long count = Math.min(ROWS, out.size(0) - row);
      Tensor sums = sums(weighing.weights(torch.mm(queries.narrow(0, row, count), keys)), values);
      out.narrow(0, row, count).copy_(sums.narrow(1, 0, width).div(sums.narrow(1, width, 1)));
      if (rows != null) {
        rows.narrow(0, row, count).copy_(sums.narrow(1, width, 1));
      }
    }
  }

  /** Returns rows in the fastest layout for {@link #sums}: contiguous columns if there are many. */
  static Tensor summed(Tensor rows) {
    return rows.size(0) < MIN_KEYS
        ? rows.contiguous()
        : rows.transpose(0, 1).contiguous().transpose(0, 1);
  }

  /**
   * Returns the weighted sums of {@code rows} with {@code weights} [n, m], by the transposed
   * product if there are many rows.
   */
  static Tensor sums(Tensor weights, Tensor rows) {
    return rows.size(0) < MIN_KEYS
        ? torch.mm(weights, rows)
        : torch.mm(rows.transpose(0, 1), weights.transpose(0, 1)).transpose(0, 1);
  }

  /** Returns one head of one image. */
  static Tensor of(Tensor x, long image, long head) {
    return x.select(0, image).select(0, head);
  }

  /**
   * The gradients of {@link BlockedAttention}. The weights are recomputed in blocks of rows (Dao et
   * al. 2022, arXiv:2205.14135, algorithm 4).
   *
   * @param out the output of the forward pass
   * @param rows the sum of each row's weights, [batch, heads, n, 1], f32
   */
  record BlockedGradients(
      Tensor q, Tensor k, Tensor v, Tensor out, Tensor rows, BlockedAttention.Weighing weighing)
      implements CustomGradients.Rule {
    /** Three columns of bf16 with 8 bits each have the 24 bits of f32. */
    private static final int COLUMNS = 3;

    @Override
    public Tensor[] gradients(Tensor gradient) {
      Tensor forQ = torch.empty_like(q);
      Tensor forK = torch.empty_like(k);
      Tensor forV = torch.empty_like(v);
      for (long image = 0; image < q.size(0); image++) {
        for (long head = 0; head < q.size(1); head++) {
          try (TensorScope scope = TensorScope.open()) {
            head(image, head, of(gradient, image, head), forQ, forK, forV);
          }
        }
      }
      return new Tensor[] {forQ, forK, forV};
    }

    private void head(
        long image, long head, Tensor arriving, Tensor forQ, Tensor forK, Tensor forV) {
      Tensor sums = of(rows, image, head);
      Tensor keys = of(k, image, head);
      Tensor queries = weighing.queries(of(q, image, head));
      // The division by the weights' sum is applied to the other factor.
      Tensor gradient = arriving.div(sums).to(ScalarType.BFloat16);
      Tensor pulls = arriving
          .mul(of(out, image, head))
          .sum(new long[] {1}, true, new ScalarTypeOptional(ScalarType.Float));
      Tensor ofWeights = torch.cat(new TensorVector(gradient, negatedColumns(pulls.div(sums))), 1);
      blocks(
          queries,
          keys.transpose(0, 1).contiguous(),
          ofWeights,
          withOnes(of(v, image, head)),
          BlockedAttention.summed(keys),
          of(forQ, image, head),
          of(forK, image, head),
          of(forV, image, head));
    }

    private void blocks(
        Tensor queries,
        Tensor keyColumns,
        Tensor ofWeights,
        Tensor valueColumns,
        Tensor keys,
        Tensor forQ,
        Tensor forK,
        Tensor forV) {
      Tensor gradient = ofWeights.narrow(1, 0, forV.size(1));
      // Sums over blocks in f32, transposed for faster products.
      Tensor ofKeys = torch.zeros(forK.size(1), forK.size(0));
      Tensor ofValues = torch.zeros(forV.size(1), forV.size(0));
      for (long row = 0; row < queries.size(0); row += BlockedAttention.ROWS) {
        long count = Math.min(BlockedAttention.ROWS, queries.size(0) - row);
        try (TensorScope scope = TensorScope.open()) {
          Tensor weights = weighing.weights(torch.mm(queries.narrow(0, row, count), keyColumns));
          Tensor scores =
              torch.mm(ofWeights.narrow(0, row, count), valueColumns).mul_(weights);
          forQ.narrow(0, row, count)
              .copy_(BlockedAttention.sums(scores, keys).mul_(new Scalar(weighing.scale())));
          ofKeys.add_(torch.mm(queries.narrow(0, row, count).transpose(0, 1), scores));
          ofValues.add_(torch.mm(gradient.narrow(0, row, count).transpose(0, 1), weights));
        }
      }
      forK.copy_(ofKeys.div_(new Scalar(weighing.unit())).transpose(0, 1));
      forV.copy_(ofValues.transpose(0, 1));
    }

    /**
     * Returns the columns of {@code x} and columns of ones for {@link #negatedColumns}, transposed.
     */
    private static Tensor withOnes(Tensor x) {
      return torch
          .cat(new TensorVector(x, x.new_ones(x.size(0), COLUMNS)), 1)
          .transpose(0, 1)
          .contiguous();
    }

    /**
     * Splits negated f32 numbers [n, 1] into columns of bf16. A product with ones adds them up in
     * f32 again.
     */
    private static Tensor negatedColumns(Tensor numbers) {
      Tensor rest = numbers.neg();
      TensorVector columns = new TensorVector();
      for (int i = 0; i < COLUMNS; i++) {
        Tensor column = rest.to(ScalarType.BFloat16);
        columns.push_back(column);
        rest = rest.sub(column);
      }
      return torch.cat(columns, 1);
    }

    private static Tensor of(Tensor x, long image, long head) {
      return BlockedAttention.of(x, image, head);
    }
  }
}
