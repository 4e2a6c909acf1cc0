package dev.likeness.diffusion.transformer;

import dev.likeness.diffusion.weights.Weights;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** FLUX's double block: joint attention, then each stream's own feed-forward, gated and added. */
final class FluxBlock {
  private final AdaptiveNorm norm1;
  private final AdaptiveNorm norm1Context;
  private final JointAttention attention;
  private final GeluFeedForward ff;
  private final GeluFeedForward ffContext;

  FluxBlock(Weights w, FluxConfig config) {
    int width = config.width();
    norm1 = new AdaptiveNorm(w.at("norm1"), width, 6);
    norm1Context = new AdaptiveNorm(w.at("norm1_context"), width, 6);
    attention = JointAttention.joint(w.at("attn"), width, config.heads(), true, JointAttention.Order.TEXT_FIRST, true);
    ff = new GeluFeedForward(w.at("ff"), width);
    ffContext = new GeluFeedForward(w.at("ff_context"), width);
  }

  Streams forward(Streams x, Tensor embedding, Rotation rotation) {
    List<Tensor> m = norm1.vectors(embedding);
    List<Tensor> c = norm1Context.vectors(embedding);
    Tensor image = AdaptiveNorm.apply(x.image(), m.get(0), m.get(1));
    Streams attended =
        attention.forward(new Streams(image, AdaptiveNorm.apply(x.text(), c.get(0), c.get(1))), rotation);
    Tensor added = attention.branches(image);
    Tensor y = half(x.image(), attended.image(), m, ff);
    return new Streams(added == null ? y : y.add(added), HalfPrecision.clamp(half(x.text(), attended.text(), c, ffContext)));
  }

  private static Tensor half(Tensor x, Tensor attended, List<Tensor> m, GeluFeedForward ff) {
    Tensor h = x.add(m.get(2).mul(attended));
    return h.add(m.get(5).mul(ff.forward(AdaptiveNorm.apply(h, m.get(3), m.get(4)))));
  }
}
