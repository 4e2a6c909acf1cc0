package dev.likeness.diffusion.internal.nn.unet;

import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Which of a picture's tokens are merged before a layer, and how they come apart after it (Bolya
 * and Hoffman 2023, arXiv:2303.17604, sections 3 and 4): of each square of two by two tokens the
 * first stays, the others look among those that stay for the one most like them, and the share of
 * them that found the likest are merged with it, to their mean. The paper draws which of a square
 * stays; here it is always the same one, so that nothing depends on chance or on what else is in
 * the batch.
 *
 * @param row for each token the row that it is merged into, [batch, tokens]
 * @param rows how many rows there are
 */
record TokenMerging(Tensor row, long rows) {
  private static final long SIDE = 2;

  /**
   * Of tokens that are to be merged.
   *
   * @param x what they are compared by, [batch, tokens, width], row by row of the picture
   * @param columns of the picture
   * @param share of the tokens to merge, 0 to 0.75
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
        unit.index_select(1, others).matmul(unit.index_select(1, stay).transpose(1, 2)), -1, false);
    Tensor ranked = likest.get0().argsort(true, -1, true);
    Tensor gone = ranked.narrow(1, 0, merged);
    Tensor kept = ranked.narrow(1, merged, ranked.size(1) - merged);
    return new TokenMerging(
        rows(others.take(kept), stay, others.take(gone), likest.get1().gather(1, gone)),
        tokens - merged);
  }

  /** The tokens' numbers, those that stay first. */
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
   * Each token's row: those that are kept have the first, then come those that stay, each with what
   * goes {@code into} it.
   */
  private static Tensor rows(Tensor kept, Tensor stay, Tensor gone, Tensor into) {
    long batch = kept.size(0);
    long own = kept.size(1) + stay.size(0);
    Tensor places = torch.cat(new TensorVector(kept, stay.expand(batch, -1), gone), 1);
    Tensor first = torch.arange(new Scalar(own), places.options()).expand(batch, -1);
    Tensor all = torch.cat(new TensorVector(first, into.add(new Scalar(kept.size(1)))), 1);
    return torch.empty_like(places).scatter_(1, places, all);
  }

  /** The means of the tokens that share a row, [batch, rows, width]. */
  Tensor merge(Tensor x) {
    return x.new_zeros(x.size(0), rows, x.size(2)).scatter_reduce(1, wide(x), x, "mean", false);
  }

  /** Every token what its row is, [batch, tokens, width]. */
  Tensor unmerge(Tensor y) {
    return y.gather(1, wide(y));
  }

  private Tensor wide(Tensor like) {
    return row.unsqueeze(-1).expand(-1, -1, like.size(2));
  }
}
