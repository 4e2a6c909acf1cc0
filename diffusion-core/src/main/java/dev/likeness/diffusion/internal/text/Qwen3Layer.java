package dev.likeness.diffusion.internal.text;

import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.RmsNorm;
import dev.likeness.diffusion.internal.nn.ScaledDotProduct;
import dev.likeness.diffusion.internal.nn.Weights;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * One layer of Qwen3: attention whose queries' heads share keys, and a gated feed-forward, each
 * normalised before.
 */
final class Qwen3Layer {
  private final Qwen3Config config;
  private final RmsNorm norm1;
  private final Linear q;
  private final Linear k;
  private final Linear v;
  private final Linear out;
  private final RmsNorm normQ;
  private final RmsNorm normK;
  private final RmsNorm norm2;
  private final Linear gate;
  private final Linear up;
  private final Linear down;

  Qwen3Layer(Weights w, Qwen3Config config) {
    this.config = config;
    int width = config.width();
    int queries = config.heads() * config.headWidth();
    int keys = config.keyHeads() * config.headWidth();
    Weights attention = w.at("self_attn");
    norm1 = new RmsNorm(w.at("input_layernorm"), width, config.eps());
    q = Linear.of(attention.at("q_proj"), width, queries, config.biased());
    k = Linear.of(attention.at("k_proj"), width, keys, config.biased());
    v = Linear.of(attention.at("v_proj"), width, keys, config.biased());
    out = Linear.of(attention.at("o_proj"), queries, width, config.biased());
    normQ = new RmsNorm(attention.at("q_norm"), config.headWidth(), config.eps());
    normK = new RmsNorm(attention.at("k_norm"), config.headWidth(), config.eps());
    norm2 = new RmsNorm(w.at("post_attention_layernorm"), width, config.eps());
    gate = Linear.withoutBias(w.at("mlp.gate_proj"), width, config.inner());
    up = Linear.withoutBias(w.at("mlp.up_proj"), width, config.inner());
    down = Linear.withoutBias(w.at("mlp.down_proj"), config.inner(), width);
  }

  /**
   * Maps [batch, tokens, width] to the same shape.
   *
   * @param cos cosines of the positions' angles, twice beside one another, [tokens, headWidth]
   * @param sin sines of the same
   * @param mask added to the scores, [batch, 1, tokens, tokens]
   */
  Tensor forward(Tensor x, Tensor cos, Tensor sin, Tensor mask) {
    Tensor normed = norm1.forward(x);
    Tensor queries = turned(normQ.forward(split(q.forward(normed))), cos, sin);
    Tensor keys = shared(turned(normK.forward(split(k.forward(normed))), cos, sin));
    Tensor attended =
        ScaledDotProduct.attend(queries, keys, shared(split(v.forward(normed))), mask);
    Tensor h = x.add(out.forward(attended.transpose(1, 2).reshape(x.size(0), x.size(1), -1)));
    Tensor again = norm2.forward(h);
    return h.add(down.forward(config.activation().of(gate.forward(again)).mul(up.forward(again))));
  }

  private Tensor split(Tensor x) {
    return x.view(x.size(0), x.size(1), -1, config.headWidth()).transpose(1, 2);
  }

  private Tensor shared(Tensor heads) {
    return heads.repeat_interleave(
        config.heads() / config.keyHeads(), new LongOptional(1), new LongOptional());
  }

  // A channel's partner lies half a head away.
  private static Tensor turned(Tensor x, Tensor cos, Tensor sin) {
    long half = x.size(3) / 2;
    Tensor partner =
        torch.cat(new TensorVector(x.narrow(3, half, half).neg(), x.narrow(3, 0, half)), 3);
    return x.mul(cos).add(partner.mul(sin));
  }
}
