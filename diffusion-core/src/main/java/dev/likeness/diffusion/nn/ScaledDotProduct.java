package dev.likeness.diffusion.nn;

import dev.likeness.diffusion.tensor.DType;
import dev.likeness.diffusion.tensor.TensorScope;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * softmax(q k' / sqrt(d)) v (Vaswani et al. 2017, arXiv:1706.03762, eq. 1), by the kernel that is fastest for the type
 * and device. libtorch's fused kernel multiplies bf16 on a CPU without a vendor library 12 to 34 times slower than
 * oneDNN's plain products, so there the attention is spelled out, a block of rows at a time where it is large.
 */
public final class ScaledDotProduct {
  /** Scores of one head that still fit the caches; more are computed in blocks of {@link #ROWS} rows. */
  private static final long WHOLE = 512 * 1024;

  private static final long ROWS = 512;

  private static final double LOG2_E = 1 / Math.log(2);

  /** Sums of thousands of 2^this, and their products with values, are far from bf16's largest number, 2^128. */
  private static final double LARGEST_POWER = 90;

  private ScaledDotProduct() {}

  /** Attends with queries [batch, heads, n, d] over keys and values [batch, heads, m, d]; returns [batch, heads, n, d]. */
  public static Tensor attend(Tensor q, Tensor k, Tensor v) {
    return attend(q, k, v, null);
  }

  /** As above, with {@code mask} (additive, broadcast over [batch, heads, n, m]) or null. */
  public static Tensor attend(Tensor q, Tensor k, Tensor v, Tensor mask) {
    if (!q.is_cpu() || DType.of(q.scalar_type()) != DType.BF16) {
      TensorOptional bias = mask == null ? new TensorOptional() : new TensorOptional(mask);
      return torch.scaled_dot_product_attention(q, k, v, bias, 0, false, new DoubleOptional(), false);
    }
    double scale = 1 / Math.sqrt(q.size(3));
    boolean learning = q.requires_grad() || k.requires_grad() || v.requires_grad();
    if (mask != null || q.size(2) * k.size(2) <= WHOLE) {
      return product(q.mul(new Scalar(scale)), k, v, mask);
    }
    return learning ? byHeads(q.mul(new Scalar(scale)), k, v) : byBlocks(q, k, v, scale);
  }

  private static Tensor product(Tensor q, Tensor k, Tensor v, Tensor mask) {
    Tensor scores = torch.matmul(q, k.transpose(-2, -1));
    return torch.matmul(torch.softmax(mask == null ? scores : scores.add(mask), -1), v);
  }

  /** Head by head: what learning keeps is the same, what it needs for a moment is that of one head. */
  private static Tensor byHeads(Tensor q, Tensor k, Tensor v) {
    TensorVector queries = q.unbind(1);
    TensorVector keys = k.unbind(1);
    TensorVector values = v.unbind(1);
    TensorVector out = new TensorVector();
    for (long head = 0; head < queries.size(); head++) {
      out.push_back(product(queries.get(head), keys.get(head), values.get(head), null));
    }
    return torch.stack(out, 1);
  }

  private static Tensor byBlocks(Tensor q, Tensor k, Tensor v, double scale) {
    // 2^x needs no largest score to be taken off first, where none can be too large; and then the sums of the weights are
    // one more column of the product with the values. It rounds no more than softmax, and reads the weights half as often.
    boolean powers = largest(q, k) * scale * LOG2_E < LARGEST_POWER;
    Tensor scaled = q.mul(new Scalar(powers ? scale * LOG2_E : scale));
    Tensor out = torch.empty_like(q);
    for (long image = 0; image < q.size(0); image++) {
      for (long head = 0; head < q.size(1); head++) {
        try (TensorScope scope = TensorScope.open()) {
          // In one piece: the products read each of them once for every block.
          Tensor keys = k.select(0, image).select(0, head).transpose(0, 1).contiguous();
          Tensor values = v.select(0, image).select(0, head);
          Tensor queries = scaled.select(0, image).select(0, head).contiguous();
          Tensor target = out.select(0, image).select(0, head);
          if (powers) {
            byPowers(queries, keys, torch.cat(new TensorVector(values, values.new_ones(values.size(0), 1)), 1), target);
          } else {
            bySoftmax(queries, keys, values.contiguous(), target);
          }
        }
      }
    }
    return out;
  }

  /** No score, unscaled, is larger: the longest query's length times the longest key's (Cauchy and Schwarz). */
  private static double largest(Tensor q, Tensor k) {
    try (TensorScope scope = TensorScope.open()) {
      return longest(q) * longest(k);
    }
  }

  private static double longest(Tensor vectors) {
    Tensor squares = vectors.square().sum(new long[] {3}, false, new ScalarTypeOptional(ScalarType.Float));
    return Math.sqrt(squares.max().item_double());
  }

  /** {@code values} with a column of ones last. */
  private static void byPowers(Tensor queries, Tensor keys, Tensor values, Tensor target) {
    long width = target.size(1);
    for (long row = 0; row < target.size(0); row += ROWS) {
      long count = Math.min(ROWS, target.size(0) - row);
      Tensor sums = torch.mm(torch.mm(queries.narrow(0, row, count), keys).exp2_(), values);
      target.narrow(0, row, count).copy_(sums.narrow(1, 0, width).div(sums.narrow(1, width, 1)));
    }
  }

  private static void bySoftmax(Tensor queries, Tensor keys, Tensor values, Tensor target) {
    for (long row = 0; row < target.size(0); row += ROWS) {
      long count = Math.min(ROWS, target.size(0) - row);
      Tensor weights = torch.softmax(torch.mm(queries.narrow(0, row, count), keys), -1);
      target.narrow(0, row, count).copy_(torch.mm(weights, values));
    }
  }
}
