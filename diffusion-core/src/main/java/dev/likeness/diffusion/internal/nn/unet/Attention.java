package dev.likeness.diffusion.internal.nn.unet;

import dev.likeness.diffusion.internal.adapter.AttentionBranch;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.ScaledDotProduct;
import dev.likeness.diffusion.internal.nn.Weights;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * Multi-head attention of image tokens over themselves or over a context (text), as in Latent
 * Diffusion.
 */
final class Attention {
  private final Linear toQ;
  private final Linear toK;
  private final Linear toV;
  private final Linear toOut;
  private final int heads;
  private final List<AttentionBranch> branches;
  private final boolean perturbed;

  /**
   * Reads {@code to_q}, {@code to_k}, {@code to_v} (no bias) and {@code to_out.0}.
   *
   * @param width tokens' channels; {@code heads} must divide it
   * @param contextWidth channels of the context
   */
  public Attention(Weights w, int width, int contextWidth, int heads) {
    toQ = Linear.withoutBias(w.at("to_q"), width, width);
    toK = Linear.withoutBias(w.at("to_k"), contextWidth, width);
    toV = Linear.withoutBias(w.at("to_v"), contextWidth, width);
    toOut = new Linear(w.at("to_out").at(0), width, width);
    this.heads = heads;
    branches = w.branches();
    perturbed = w.isPerturbed();
  }

  /**
   * Attends from {@code x} [batch, n, width] to {@code context} [batch, m, contextWidth]; returns
   * x's shape.
   */
  public Tensor forward(Tensor x, Tensor context) {
    if (perturbed && x == context) {
      return toOut.forward(toV.forward(x));
    }
    return attend(x, keys(context), values(context));
  }

  /** Attends to a context, whose keys and values may be cached over the steps. */
  public Tensor forward(Tensor x, AttentionContext context) {
    return attend(x, context.keys(this), context.values(this));
  }

  private Tensor attend(Tensor x, Tensor k, Tensor v) {
    Tensor q = split(toQ.forward(x));
    Tensor own = ScaledDotProduct.attend(q, k, v);
    Tensor y = own;
    for (AttentionBranch branch : branches) {
      y = y.add(branch.attend(AttentionBranch.BranchInputs.of(q, own)));
    }
    return toOut.forward(y.transpose(1, 2).reshape(x.size(0), x.size(1), -1));
  }

  Tensor keys(Tensor context) {
    return split(toK.forward(context));
  }

  Tensor values(Tensor context) {
    return split(toV.forward(context));
  }

  private Tensor split(Tensor x) {
    return x.view(x.size(0), x.size(1), heads, -1).transpose(1, 2);
  }
}
