package dev.likeness.diffusion.internal.family.sd3;

import dev.likeness.diffusion.internal.nn.FeedForward;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.nn.transformer.AdaLayerNorm;
import dev.likeness.diffusion.internal.nn.transformer.JointAttention;
import dev.likeness.diffusion.internal.nn.transformer.QkvProjection;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * Stable Diffusion 3's block (MMDiT; with a second attention over the picture alone, MMDiT-X):
 * joint attention, then each stream's own feed-forward. The last block leaves the text behind.
 */
final class Sd3Block {
  private final AdaLayerNorm norm1;
  private final AdaLayerNorm norm1Context;
  private final JointAttention attention;
  private final JointAttention attention2;
  private final FeedForward.GeluFeedForward ff;
  private final FeedForward.GeluFeedForward ffContext;

  Sd3Block(Weights w, Sd3Config config, int index) {
    int width = config.width();
    QkvProjection.Style style = new QkvProjection.Style(config.normed(), true, 1e-6);
    boolean last = index == config.layers() - 1;
    boolean dual = config.dualLayers().contains(index);
    norm1 = new AdaLayerNorm(w.at("norm1"), width, dual ? 9 : 6);
    norm1Context = new AdaLayerNorm(w.at("norm1_context"), width, last ? 2 : 6);
    attention = JointAttention.joint(
        w.at("attn"), width, config.heads(), style, JointAttention.Order.IMAGE_FIRST, !last);
    attention2 =
        dual ? JointAttention.single(w.at("attn2"), width, config.heads(), style, true) : null;
    ff = new FeedForward.GeluFeedForward(w.at("ff"), width);
    ffContext = last ? null : new FeedForward.GeluFeedForward(w.at("ff_context"), width);
  }

  /** Whether the text goes on after this block. */
  boolean keepsText() {
    return ffContext != null;
  }

  /**
   * Both streams after the block.
   *
   * @param embedding what the block listens to, [batch, width]
   * @param time what adapters are told, [1], 0..1000
   */
  JointAttention.Streams forward(JointAttention.Streams x, Tensor embedding, Tensor time) {
    List<Tensor> m = norm1.vectors(embedding);
    List<Tensor> c = norm1Context.vectors(embedding);
    Tensor text = keepsText()
        ? AdaLayerNorm.apply(x.text(), c.get(0), c.get(1))
        : AdaLayerNorm.apply(x.text(), c.get(1), c.get(0));
    Tensor image = AdaLayerNorm.apply(x.image(), m.get(0), m.get(1));
    JointAttention.Streams attended =
        attention.forward(new JointAttention.Streams(image, text), null, time);
    Tensor h = x.image().add(m.get(2).mul(attended.image()));
    if (attention2 != null) {
      Tensor again =
          attention2.forward(AdaLayerNorm.apply(x.image(), m.get(6), m.get(7)), null, null, time);
      h = h.add(m.get(8).mul(again));
    }
    return new JointAttention.Streams(
        finished(h, m, ff),
        keepsText() ? finished(x.text().add(c.get(2).mul(attended.text())), c, ffContext) : null);
  }

  private static Tensor finished(Tensor h, List<Tensor> m, FeedForward.GeluFeedForward ff) {
    return h.add(m.get(5).mul(ff.forward(AdaLayerNorm.apply(h, m.get(3), m.get(4)))));
  }
}
