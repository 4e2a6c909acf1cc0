package dev.likeness.diffusion.internal.nn;

import org.bytedeco.pytorch.Tensor;

/**
 * A transformer layer of CLIP's towers: attention and feed-forward, each with a norm before it and
 * a residual connection.
 */
public final class ClipLayer {
  private final LayerNorm norm1;
  private final Linear q;
  private final Linear k;
  private final Linear v;
  private final Linear out;
  private final LayerNorm norm2;
  private final Linear fc1;
  private final Linear fc2;
  private final Activation activation;
  private final int heads;

  /**
   * Reads {@code layer_norm1}, {@code self_attn}, {@code layer_norm2} and {@code mlp}.
   *
   * @param width tokens' channels; {@code heads} must divide it
   * @param inner channels inside the feed-forward
   * @param eps epsilon of the norms
   */
  public ClipLayer(Weights w, int width, int inner, int heads, Activation activation, double eps) {
    norm1 = new LayerNorm(w.at("layer_norm1"), width, eps);
    q = new Linear(w.at("self_attn.q_proj"), width, width);
    k = new Linear(w.at("self_attn.k_proj"), width, width);
    v = new Linear(w.at("self_attn.v_proj"), width, width);
    out = new Linear(w.at("self_attn.out_proj"), width, width);
    norm2 = new LayerNorm(w.at("layer_norm2"), width, eps);
    fc1 = new Linear(w.at("mlp.fc1"), width, inner);
    fc2 = new Linear(w.at("mlp.fc2"), inner, width);
    this.activation = activation;
    this.heads = heads;
  }

  /**
   * Maps [batch, tokens, width] to the same shape; {@code mask} is additive, [tokens, tokens], or
   * null for none.
   */
  public Tensor forward(Tensor x, Tensor mask) {
    Tensor normed = norm1.forward(x);
    Tensor attended = ScaledDotProduct.attend(
        split(q.forward(normed)), split(k.forward(normed)), split(v.forward(normed)), mask);
    Tensor h = x.add(out.forward(attended.transpose(1, 2).reshape(x.size(0), x.size(1), -1)));
    return h.add(fc2.forward(activation.apply(fc1.forward(norm2.forward(h)))));
  }

  private Tensor split(Tensor x) {
    return x.view(x.size(0), x.size(1), heads, -1).transpose(1, 2);
  }
}
