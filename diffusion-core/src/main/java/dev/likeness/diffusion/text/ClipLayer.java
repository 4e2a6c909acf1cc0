package dev.likeness.diffusion.text;

import dev.likeness.diffusion.nn.Activation;
import dev.likeness.diffusion.nn.LayerNorm;
import dev.likeness.diffusion.nn.Linear;
import dev.likeness.diffusion.nn.ScaledDotProduct;
import dev.likeness.diffusion.weights.Weights;
import org.bytedeco.pytorch.Tensor;

/** One transformer layer of CLIP: causal attention and a feed-forward, each normalised before and added after. */
final class ClipLayer {
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

  ClipLayer(Weights w, ClipTextConfig config) {
    int width = config.width();
    norm1 = new LayerNorm(w.at("layer_norm1"), width, config.eps());
    q = new Linear(w.at("self_attn.q_proj"), width, width);
    k = new Linear(w.at("self_attn.k_proj"), width, width);
    v = new Linear(w.at("self_attn.v_proj"), width, width);
    out = new Linear(w.at("self_attn.out_proj"), width, width);
    norm2 = new LayerNorm(w.at("layer_norm2"), width, config.eps());
    fc1 = new Linear(w.at("mlp.fc1"), width, config.inner());
    fc2 = new Linear(w.at("mlp.fc2"), config.inner(), width);
    activation = config.activation();
    heads = config.heads();
  }

  /** Maps [batch, tokens, width] to the same shape; {@code causal} is the additive mask [tokens, tokens]. */
  Tensor forward(Tensor x, Tensor causal) {
    Tensor normed = norm1.forward(x);
    Tensor attended = ScaledDotProduct.attend(
        split(q.forward(normed)), split(k.forward(normed)), split(v.forward(normed)), causal);
    Tensor h = x.add(out.forward(attended.transpose(1, 2).reshape(x.size(0), x.size(1), -1)));
    return h.add(fc2.forward(activation.of(fc1.forward(norm2.forward(h)))));
  }

  private Tensor split(Tensor x) {
    return x.view(x.size(0), x.size(1), heads, -1).transpose(1, 2);
  }
}
