package dev.likeness.diffusion.internal.nn.unet;

import dev.likeness.diffusion.internal.nn.Conv2d;
import dev.likeness.diffusion.internal.nn.FeedForward;
import dev.likeness.diffusion.internal.nn.GroupNorm;
import dev.likeness.diffusion.internal.nn.LayerNorm;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.Weights;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

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
      Weights w,
      UNetConfig config,
      UNetOptions options,
      UNetConfig.Level level,
      int transformers,
      boolean onlyCross) {
    int width = level.channels();
    boolean linear = config.linearProjection();
    norm = new GroupNorm(w.at("norm"), config.groups(), width, 1e-6);
    convIn = linear ? null : new Conv2d(w.at("proj_in"), width, width, 1);
    double merged = level == config.largestWithAttention() ? options.tokenMergingRatio() : 0;
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
   * Self-attention, cross-attention and feed-forward, each with a norm before it and a residual
   * connection.
   */
  static final class TransformerBlock {
    private final LayerNorm norm1;
    private final Attention attn1;
    private final LayerNorm norm2;
    private final Attention attn2;
    private final LayerNorm norm3;
    private final FeedForward ff;
    private final boolean onlyCrossAttention;
    private final double tokenMergingRatio;

    /**
     * Reads a block; {@code tokenMergingRatio} is the share of tokens that is merged for
     * self-attention.
     */
    TransformerBlock(
        Weights w,
        int width,
        int contextWidth,
        int heads,
        boolean onlyCrossAttention,
        double tokenMergingRatio) {
      norm1 = new LayerNorm(w.at("norm1"), width);
      attn1 = new Attention(w.at("attn1"), width, onlyCrossAttention ? contextWidth : width, heads);
      norm2 = new LayerNorm(w.at("norm2"), width);
      attn2 = new Attention(w.at("attn2"), width, contextWidth, heads);
      norm3 = new LayerNorm(w.at("norm3"), width);
      ff = new FeedForward(w.at("ff"), width);
      this.onlyCrossAttention = onlyCrossAttention;
      this.tokenMergingRatio = tokenMergingRatio;
    }

    /** Maps the tokens [batch, tokens, width] of an image, row by row, to the same shape. */
    Tensor forward(Tensor x, AttentionContext context, long columns) {
      Tensor h = x.add(selfAttend(x, context, columns));
      h = h.add(attn2.forward(norm2.forward(h), context));
      return h.add(ff.forward(norm3.forward(h)));
    }

    private Tensor selfAttend(Tensor x, AttentionContext context, long columns) {
      Tensor own = norm1.forward(x);
      if (onlyCrossAttention || tokenMergingRatio == 0) {
        return onlyCrossAttention ? attn1.forward(own, context) : attn1.forward(own, own);
      }
      TokenMerging merging = TokenMerging.of(x, columns, tokenMergingRatio);
      Tensor fewer = merging.merge(own);
      return merging.unmerge(attn1.forward(fewer, fewer));
    }
  }

  /**
   * Token merging (Bolya and Hoffman 2023, arXiv:2303.17604, sections 3 and 4). Of each square of
   * two by two tokens, the first is a destination. Each other token finds its most similar
   * destination. The most similar tokens are merged with their destination to the mean. The paper
   * chooses the destination of a square at random; here it is always the first, so that results
   * depend on neither chance nor batch.
   *
   * @param row for each token the row that it is merged into, [batch, tokens]
   * @param rows number of rows
   */
  record TokenMerging(Tensor row, long rows) {
    private static final long SIDE = 2;

    /**
     * Chooses the tokens to merge.
     *
     * @param x features for the comparison, [batch, tokens, width], row by row of the image
     * @param columns columns of the image
     * @param share share of the tokens to merge, 0 to 0.75
     */
    static TokenMerging of(Tensor x, long columns, double share) {
      long tokens = x.size(1);
      long staying = tokens / columns / SIDE * (columns / SIDE);
      long merged = Math.min(tokens - staying, (long) (tokens * share));
      Tensor order = order(x, columns);
      Tensor stay = order.narrow(0, 0, staying);
      Tensor others = order.narrow(0, staying, tokens - staying);
      Tensor unit =
          x.div(x.square().sum(new long[] {-1}, true, new ScalarTypeOptional()).sqrt());
      T_TensorTensor_T likest = torch.max(
          unit.index_select(1, others).matmul(unit.index_select(1, stay).transpose(1, 2)),
          -1,
          false);
      Tensor ranked = likest.get0().argsort(true, -1, true);
      Tensor gone = ranked.narrow(1, 0, merged);
      Tensor kept = ranked.narrow(1, merged, ranked.size(1) - merged);
      return new TokenMerging(
          rows(others.take(kept), stay, others.take(gone), likest.get1().gather(1, gone)),
          tokens - merged);
    }

    /** Returns the indices of the tokens, destinations first. */
    private static Tensor order(Tensor x, long columns) {
      Tensor kind = x.new_zeros(x.size(1) / columns, columns);
      firsts(firsts(kind, 0), 1).fill_(new Scalar(-1.0));
      return kind.view(-1).argsort(true, 0, false);
    }

    private static Tensor firsts(Tensor kind, long dimension) {
      long whole = kind.size(dimension) / SIDE * SIDE;
      return kind.slice(dimension, new LongOptional(0), new LongOptional(whole), SIDE);
    }

    /**
     * Returns each token's row: first the kept tokens, then the destinations with the tokens that
     * are merged into them.
     */
    private static Tensor rows(Tensor kept, Tensor stay, Tensor gone, Tensor into) {
      long batch = kept.size(0);
      long own = kept.size(1) + stay.size(0);
      Tensor places = torch.cat(new TensorVector(kept, stay.expand(batch, -1), gone), 1);
      Tensor first = torch.arange(new Scalar(own), places.options()).expand(batch, -1);
      Tensor all = torch.cat(new TensorVector(first, into.add(new Scalar(kept.size(1)))), 1);
      return torch.empty_like(places).scatter_(1, places, all);
    }

    /** Returns the means of tokens of one row, [batch, rows, width]. */
    Tensor merge(Tensor x) {
      return x.new_zeros(x.size(0), rows, x.size(2)).scatter_reduce(1, wide(x), x, "mean", false);
    }

    /** Copies each row to its tokens, [batch, tokens, width]. */
    Tensor unmerge(Tensor y) {
      return y.gather(1, wide(y));
    }

    private Tensor wide(Tensor like) {
      return row.unsqueeze(-1).expand(-1, -1, like.size(2));
    }
  }
}
