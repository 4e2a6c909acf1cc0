package dev.likeness.diffusion.internal.family.zimage;

import dev.likeness.diffusion.internal.nn.FeedForward;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.RmsNorm;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.nn.transformer.JointAttention;
import dev.likeness.diffusion.internal.nn.transformer.RotaryEmbedding;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * Z-Image's block: attention and feed-forward over one stream, each normalised before and after;
 * where it is told the time, scaled before and gated after.
 */
final class ZImageBlock {
  private static final int VECTORS = 4;

  private final JointAttention attention;
  private final FeedForward.GatedFeedForward ff;
  private final RmsNorm attentionNorm1;
  private final RmsNorm attentionNorm2;
  private final RmsNorm ffNorm1;
  private final RmsNorm ffNorm2;
  private final Linear modulation;

  /** @param timed whether the block is told the time */
  ZImageBlock(Weights w, ZImageConfig config, boolean timed) {
    int width = config.width();
    attention =
        JointAttention.single(w.at("attention"), width, config.heads(), config.style(), true);
    ff = FeedForward.GatedFeedForward.apart(w.at("feed_forward"), width, config.inner());
    attentionNorm1 = new RmsNorm(w.at("attention_norm1"), width, config.eps());
    attentionNorm2 = new RmsNorm(w.at("attention_norm2"), width, config.eps());
    ffNorm1 = new RmsNorm(w.at("ffn_norm1"), width, config.eps());
    ffNorm2 = new RmsNorm(w.at("ffn_norm2"), width, config.eps());
    modulation = timed
        ? new Linear(w.at("adaLN_modulation.0"), config.modulation(), (long) VECTORS * width)
        : null;
  }

  /**
   * Maps [batch, tokens, width] to the same shape; {@code time} is [batch, modulation], or null for
   * a block without.
   */
  Tensor forward(Tensor x, Tensor time, RotaryEmbedding rotation, Tensor mask) {
    if (modulation == null) {
      Tensor h = x.add(
          attentionNorm2.forward(attention.forward(attentionNorm1.forward(x), rotation, mask)));
      return h.add(ffNorm2.forward(ff.forward(ffNorm1.forward(h))));
    }
    Tensor all = modulation.forward(time).unsqueeze(1);
    List<Tensor> m = IntStream.range(0, VECTORS)
        .mapToObj(i -> all.narrow(2, i * x.size(2), x.size(2)))
        .toList();
    Tensor attended =
        attention.forward(scaled(attentionNorm1.forward(x), m.get(0)), rotation, mask);
    Tensor h = x.add(m.get(1).tanh().mul(attentionNorm2.forward(attended)));
    return h.add(
        m.get(3).tanh().mul(ffNorm2.forward(ff.forward(scaled(ffNorm1.forward(h), m.get(2))))));
  }

  private static Tensor scaled(Tensor x, Tensor by) {
    return x.mul(by.add(new Scalar(1.0)));
  }
}
