package dev.likeness.diffusion.internal.nn.transformer;

import dev.likeness.diffusion.internal.nn.RmsNorm;
import dev.likeness.diffusion.internal.nn.ScaledDotProduct;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** Queries, keys and values by heads, each [batch, heads, tokens, headWidth]. */
public record Heads(Tensor q, Tensor k, Tensor v) {
  /** Tokens [batch, tokens, width] by heads, normalised where {@code norm} is not null. */
  public static Tensor split(Tensor x, int heads, RmsNorm norm) {
    Tensor byHead = x.view(x.size(0), x.size(1), heads, -1);
    return (norm == null ? byHead : norm.forward(byHead)).transpose(1, 2);
  }

  /** These tokens, then others. */
  Heads then(Heads others) {
    return new Heads(
        torch.cat(new TensorVector(q, others.q), 2),
        torch.cat(new TensorVector(k, others.k), 2),
        torch.cat(new TensorVector(v, others.v), 2));
  }

  /**
   * Attends, [batch, tokens, width]; {@code rotation} and {@code mask}, which is added to the
   * scores, may be null.
   */
  public Tensor attend(RotaryEmbedding rotation, Tensor mask) {
    return merged(
        rotation == null
            ? ScaledDotProduct.attend(q, k, v, mask)
            : ScaledDotProduct.attend(rotation.turn(q), rotation.turn(k), v, mask));
  }

  /** Tokens by heads side by side again. */
  static Tensor merged(Tensor byHead) {
    return byHead.transpose(1, 2).reshape(byHead.size(0), byHead.size(2), -1);
  }
}
