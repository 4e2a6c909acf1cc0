package dev.likeness.ipadapter;

import dev.likeness.diffusion.adapt.AttentionBranch;
import dev.likeness.diffusion.nn.ScaledDotProduct;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * One cross-attention's look at image tokens (Ye et al. 2023, arXiv:2308.06721, eq. 5). Keys and values are made once
 * for
 * a request; the weight is already in the values.
 *
 * @param nothing what pictures for the negative prompt look at, or null when there are none
 * @param shown what the others look at
 * @param mask where this counts, or null for everywhere
 */
record TokenBranch(Memory nothing, Memory shown, Mask mask) implements AttentionBranch {
  /**
   * Keys and values [1 or batch, tokens, width].
   *
   * @param bias added to every query's scores, [1, 1, 1, tokens], or null
   */
  record Memory(Tensor keys, Tensor values, Tensor bias) {
    Tensor attend(Tensor query) {
      return ScaledDotProduct.attend(query, split(keys, query), split(values, query), bias);
    }

    private static Tensor split(Tensor tokens, Tensor query) {
      long batch = query.size(0);
      return tokens.view(tokens.size(0), tokens.size(1), query.size(1), -1).transpose(1, 2)
          .expand(batch, query.size(1), tokens.size(1), query.size(3));
    }
  }

  @Override
  public Tensor attend(Tensor query) {
    Tensor seen;
    if (nothing == null) {
      seen = shown.attend(query);
    } else {
      TensorVector halves = query.chunk(2, 0);
      seen = torch.cat(new TensorVector(nothing.attend(halves.get(0)), shown.attend(halves.get(1))), 0);
    }
    return mask == null ? seen : seen.mul(mask.at(query.size(2)));
  }
}
