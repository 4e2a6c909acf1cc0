package dev.likeness.diffusion.internal.nn.unet;

import dev.likeness.diffusion.internal.nn.Conv2d;
import dev.likeness.diffusion.internal.nn.FeedForward;
import dev.likeness.diffusion.internal.nn.GroupNorm;
import dev.likeness.diffusion.internal.nn.LayerNorm;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.Weights;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;

/**
 * Transformer blocks over the pixels of a feature map, each pixel a token (Rombach et al. 2022,
 * arXiv:2112.10752).
 */
final class SpatialTransformer {
  private final GroupNorm norm;
  private final Conv2d convIn;
  private final Conv2d convOut;
  private final Linear linearIn;
  private final Linear linearOut;
  private final List<TransformerBlock> blocks;

  SpatialTransformer(
      Weights w, UNetConfig config, UNetConfig.Level level, int transformers, boolean onlyCross) {
    int width = level.channels();
    boolean linear = config.linearProjection();
    norm = new GroupNorm(w.at("norm"), config.groups(), width, 1e-6);
    convIn = linear ? null : new Conv2d(w.at("proj_in"), width, width, 1);
    double merged = level == config.largestAttending() ? w.merged() : 0;
    linearIn = linear ? new Linear(w.at("proj_in"), width, width) : null;
    blocks = IntStream.range(0, transformers)
        .mapToObj(i -> new TransformerBlock(
            w.at("transformer_blocks").at(i),
            width,
            level.contextWidth(),
            level.heads(),
            onlyCross,
            merged))
        .toList();
    convOut = linear ? null : new Conv2d(w.at("proj_out"), width, width, 1);
    linearOut = linear ? new Linear(w.at("proj_out"), width, width) : null;
  }

  /** Maps [batch, channels, h, w] to the same shape, attending to {@code context}. */
  Tensor forward(Tensor x, AttentionContext context) {
    Tensor normed = norm.forward(x);
    Tensor tokens =
        linearIn == null ? tokens(convIn.forward(normed)) : linearIn.forward(tokens(normed));
    for (TransformerBlock block : blocks) {
      tokens = block.forward(tokens, context, x.size(3));
    }
    Tensor image =
        linearOut == null ? convOut.forward(image(tokens, x)) : image(linearOut.forward(tokens), x);
    return x.add(image);
  }

  private static Tensor tokens(Tensor image) {
    return image.flatten(2, 3).transpose(1, 2);
  }

  private static Tensor image(Tensor tokens, Tensor like) {
    return tokens.transpose(1, 2).reshape(like.size(0), like.size(1), like.size(2), like.size(3));
  }

  /**
   * Self-attention, attention to the text, feed-forward, each normalised before and added after.
   */
  static final class TransformerBlock {
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
}
