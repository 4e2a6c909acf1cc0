package dev.likeness.diffusion.internal.text;

import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.RmsNorm;
import dev.likeness.diffusion.internal.nn.Weights;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * One layer of T5's encoder: attention without scaling, biased by distance, and a feed-forward,
 * each normalised before. What the layers add up leaves the range of f16, and so does what the
 * feed-forward adds: both are f32 where the rest is f16, as transformers keeps {@code wo}
 * ({@code _keep_in_fp32_modules}).
 */
final class T5Layer {
  private final RmsNorm norm1;
  private final Linear q;
  private final Linear k;
  private final Linear v;
  private final Linear out;
  private final RmsNorm norm2;
  private final Linear gate;
  private final Linear in;
  private final Linear back;
  private final T5Config config;

  T5Layer(Weights w, T5Config config) {
    this.config = config;
    int width = config.width();
    int attended = config.heads() * config.headWidth();
    Weights attention = w.at("layer.0");
    norm1 = new RmsNorm(attention.at("layer_norm"), width, config.eps());
    q = Linear.withoutBias(attention.at("SelfAttention.q"), width, attended);
    k = Linear.withoutBias(attention.at("SelfAttention.k"), width, attended);
    v = Linear.withoutBias(attention.at("SelfAttention.v"), width, attended);
    out = Linear.withoutBias(attention.at("SelfAttention.o"), attended, width);
    Weights dense = w.at("layer.1");
    norm2 = new RmsNorm(dense.at("layer_norm"), width, config.eps());
    Weights ff = dense.at("DenseReluDense");
    gate = config.gated() ? Linear.withoutBias(ff.at("wi_0"), width, config.inner()) : null;
    in = Linear.withoutBias(ff.at(config.gated() ? "wi_1" : "wi"), width, config.inner());
    back = Linear.withoutBias(ff.at("wo"), config.inner(), width);
  }

  /**
   * Maps the sum so far, [batch, tokens, width], f32 in f16, to the same; {@code bias} is [1,
   * heads, tokens, tokens].
   */
  Tensor forward(Tensor x, Tensor bias) {
    Tensor normed = norm1.narrowed(x);
    Tensor scores = torch
        .matmul(split(q.forward(normed)), split(k.forward(normed)).transpose(2, 3))
        .add_(bias);
    Tensor attended = torch.matmul(torch.softmax(scores, -1), split(v.forward(normed)));
    Tensor h = x.add(out.forward(attended.transpose(1, 2).reshape(x.size(0), x.size(1), -1)));
    return h.add(feedForward(norm2.narrowed(h)));
  }

  private Tensor feedForward(Tensor x) {
    Tensor h = gate == null
        ? config.activation().of(in.forward(x))
        : config.activation().of(gate.forward(x)).mul(in.forward(x));
    return back.wide(h);
  }

  private Tensor split(Tensor x) {
    return x.view(x.size(0), x.size(1), config.heads(), -1).transpose(1, 2);
  }
}
