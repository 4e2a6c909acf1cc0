package dev.likeness.diffusion.internal.nn.unet;

import dev.likeness.diffusion.internal.nn.FeedForward;
import dev.likeness.diffusion.internal.nn.LayerNorm;
import dev.likeness.diffusion.internal.nn.Weights;
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
  private final double merged;

  /** {@code merged} is the share of the tokens that is merged for self-attention. */
  TransformerBlock(
      Weights w, int width, int contextWidth, int heads, boolean onlyCross, double merged) {
    norm1 = new LayerNorm(w.at("norm1"), width);
    attn1 = new Attention(w.at("attn1"), width, onlyCross ? contextWidth : width, heads);
    norm2 = new LayerNorm(w.at("norm2"), width);
    attn2 = new Attention(w.at("attn2"), width, contextWidth, heads);
    norm3 = new LayerNorm(w.at("norm3"), width);
    ff = new FeedForward(w.at("ff"), width);
    this.onlyCross = onlyCross;
    this.merged = merged;
  }

  /** Maps the tokens [batch, tokens, width] of a picture, row by row, to the same shape. */
  Tensor forward(Tensor x, AttentionContext context, long columns) {
    Tensor h = x.add(attended(x, context, columns));
    h = h.add(attn2.forward(norm2.forward(h), context));
    return h.add(ff.forward(norm3.forward(h)));
  }

  private Tensor attended(Tensor x, AttentionContext context, long columns) {
    Tensor own = norm1.forward(x);
    if (onlyCross || merged == 0) {
      return onlyCross ? attn1.forward(own, context) : attn1.forward(own, own);
    }
    TokenMerging merging = TokenMerging.of(x, columns, merged);
    Tensor fewer = merging.merge(own);
    return merging.unmerge(attn1.forward(fewer, fewer));
  }
}
