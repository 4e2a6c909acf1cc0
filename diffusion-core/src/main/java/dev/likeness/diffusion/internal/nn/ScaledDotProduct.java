package dev.likeness.diffusion.internal.nn;

import dev.likeness.diffusion.internal.natives.CpuFeatures;
import dev.likeness.diffusion.internal.nn.cpu.BlockedAttention;
import dev.likeness.diffusion.internal.nn.cpu.PackedConvolution;
import dev.likeness.diffusion.internal.tensor.CustomGradients;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.tensor.DType;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Scaled dot-product attention: softmax(q k' / sqrt(d)) v (Vaswani et al. 2017, arXiv:1706.03762,
 * eq. 1), by the fastest kernel for type and device. For bf16 on a CPU without a vendor library,
 * libtorch's fused kernel is 12 to 34 times slower than oneDNN's plain products. There the
 * attention consists of plain products, in blocks of rows if it is large. CPUs that do not multiply
 * bf16 attend in f32, and outside of training also those whose products of f32 are faster.
 */
public final class ScaledDotProduct {
  /**
   * Number of scores of one head that fit the CPU's caches. Larger attentions in bf16 on a CPU are
   * computed in blocks. In training with
   * {@link dev.likeness.diffusion.internal.tensor.CustomGradients}, their scores are recomputed
   * instead of stored.
   */
  public static final long MAX_SCORES_AT_ONCE = 512 * 1024;

  private ScaledDotProduct() {}

  /**
   * Attends with queries [batch, heads, n, d] over keys and values [batch, heads, m, d]; returns
   * [batch, heads, n, d].
   */
  public static Tensor attend(Tensor q, Tensor k, Tensor v) {
    return attend(q, k, v, null);
  }

  /**
   * Attends with a {@code mask}, which is additive and broadcast over [batch, heads, n, m], or
   * null.
   */
  public static Tensor attend(Tensor q, Tensor k, Tensor v, Tensor mask) {
    if (!q.is_cpu() || Tensors.dtype(q) != DType.BF16) {
      return fused(q, k, v, mask);
    }
    return !PackedConvolution.multipliesBf16() || isFasterInF32(q, k, v)
        ? widened(q, k, v, mask)
        : products(q, k, v, mask);
  }

  private static Tensor fused(Tensor q, Tensor k, Tensor v, Tensor mask) {
    return CpuParts.attend(
        q, k.size(2), mask, (queries, ofThem) -> fusedWhole(queries, k, v, ofThem));
  }

  private static Tensor fusedWhole(Tensor q, Tensor k, Tensor v, Tensor mask) {
    TensorOptional bias = mask == null ? new TensorOptional() : new TensorOptional(mask);
    return torch.scaled_dot_product_attention(q, k, v, bias, 0, false, new DoubleOptional(), false);
  }

  // A training step runs a segment without gradients first, and again with them. Both must give the
  // same numbers, so neither attends in f32, which would keep more memory with gradients.
  private static boolean isFasterInF32(Tensor q, Tensor k, Tensor v) {
    return CpuFeatures.ofMachine().multipliesF32Faster()
        && CustomGradients.current() == null
        && !isLearning(q, k, v);
  }

  private static boolean isLearning(Tensor q, Tensor k, Tensor v) {
    return q.requires_grad() || k.requires_grad() || v.requires_grad();
  }

  /** Attends in f32, for CPUs that do not multiply bf16, or multiply it more slowly than f32. */
  static Tensor widened(Tensor q, Tensor k, Tensor v, Tensor mask) {
    return fused(
            q.to(ScalarType.Float),
            k.to(ScalarType.Float),
            v.to(ScalarType.Float),
            mask == null ? null : mask.to(ScalarType.Float))
        .to(q.scalar_type());
  }

  /** Attends by products of bf16 on a CPU. */
  static Tensor products(Tensor q, Tensor k, Tensor v, Tensor mask) {
    double scale = 1 / Math.sqrt(q.size(3));
    boolean learning = isLearning(q, k, v);
    if (mask != null || q.size(2) * k.size(2) <= MAX_SCORES_AT_ONCE) {
      return product(q.mul(new Scalar(scale)), k, v, mask);
    }
    CustomGradients custom = CustomGradients.current();
    if (learning && custom == null) {
      return byHeads(q.mul(new Scalar(scale)), k, v);
    }
    return learning
        ? BlockedAttention.withGradients(q, k, v, scale, custom)
        : BlockedAttention.of(q, k, v, scale);
  }

  private static Tensor product(Tensor q, Tensor k, Tensor v, Tensor mask) {
    Tensor scores = torch.matmul(q, k.transpose(-2, -1));
    return torch.matmul(torch.softmax(mask == null ? scores : scores.add(mask), -1), v);
  }

  /**
   * Computes one head after the other, so that training needs temporary memory for one head only.
   */
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
}
