package dev.likeness.diffusion.internal.family.flux2;

import dev.likeness.diffusion.internal.nn.FeedForward;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.RmsNorm;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.nn.transformer.AdaLayerNorm;
import dev.likeness.diffusion.internal.nn.transformer.DoubleStreamBlock;
import dev.likeness.diffusion.internal.nn.transformer.QkvProjection;
import dev.likeness.diffusion.internal.nn.transformer.RotaryEmbedding;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * FLUX.2's single block: attention and gated feed-forward side by side, out of one layer and into
 * one.
 */
final class Flux2SingleBlock {
  private static final double EPS = 1e-6;

  private final Flux2Config config;
  private final Linear in;
  private final Linear out;
  private final RmsNorm normQ;
  private final RmsNorm normK;

  Flux2SingleBlock(Weights w, Flux2Config config) {
    this.config = config;
    Weights attention = w.at("attn");
    in = Linear.withoutBias(
        attention.at("to_qkv_mlp_proj"), config.width(), 3L * config.width() + 2L * config.inner());
    out = Linear.withoutBias(
        attention.at("to_out"), (long) config.width() + config.inner(), config.width());
    normQ = new RmsNorm(attention.at("norm_q"), config.headWidth(), EPS);
    normK = new RmsNorm(attention.at("norm_k"), config.headWidth(), EPS);
  }

  /**
   * Maps [batch, textTokens + imageTokens, width] to the same shape; {@code m} are a shift, a scale
   * and a gate.
   */
  Tensor forward(Tensor x, List<Tensor> m, RotaryEmbedding rotation) {
    Tensor all = in.forward(AdaLayerNorm.apply(x, m.get(0), m.get(1)));
    long width = config.width();
    QkvProjection.Heads heads = new QkvProjection.Heads(
        QkvProjection.Heads.split(all.narrow(2, 0, width), config.heads(), normQ),
        QkvProjection.Heads.split(all.narrow(2, width, width), config.heads(), normK),
        QkvProjection.Heads.split(all.narrow(2, 2 * width, width), config.heads(), null));
    Tensor gated =
        FeedForward.GatedFeedForward.gated(all.narrow(2, 3 * width, 2L * config.inner()));
    Tensor both = torch.cat(new TensorVector(heads.attend(rotation, null), gated), 2);
    return DoubleStreamBlock.HalfPrecision.clamp(x.add(m.get(2).mul(out.forward(both))));
  }
}
