package dev.likeness.diffusion.unet;

import dev.likeness.diffusion.nn.Attention;
import dev.likeness.diffusion.nn.FeedForward;
import dev.likeness.diffusion.nn.LayerNorm;
import dev.likeness.diffusion.weights.Weights;
import org.bytedeco.pytorch.Tensor;

/** Self-attention, attention to the text, feed-forward, each normalised before and added after. */
final class TransformerBlock {
  private final LayerNorm norm1;
  private final Attention attn1;
  private final LayerNorm norm2;
  private final Attention attn2;
  private final LayerNorm norm3;
  private final FeedForward ff;
  private final boolean onlyCross;

  TransformerBlock(Weights w, int width, int contextWidth, int heads, boolean onlyCross) {
    norm1 = new LayerNorm(w.at("norm1"), width);
    attn1 = new Attention(w.at("attn1"), width, onlyCross ? contextWidth : width, heads);
    norm2 = new LayerNorm(w.at("norm2"), width);
    attn2 = new Attention(w.at("attn2"), width, contextWidth, heads);
    norm3 = new LayerNorm(w.at("norm3"), width);
    ff = new FeedForward(w.at("ff"), width);
    this.onlyCross = onlyCross;
  }

  Tensor forward(Tensor x, Tensor context) {
    Tensor own = norm1.forward(x);
    Tensor h = x.add(attn1.forward(own, onlyCross ? context : own));
    h = h.add(attn2.forward(norm2.forward(h), context));
    return h.add(ff.forward(norm3.forward(h)));
  }
}
