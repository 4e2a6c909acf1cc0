package dev.likeness.ipadapter.internal.attention;

import dev.likeness.diffusion.internal.adapter.AttentionBranch;
import dev.likeness.diffusion.internal.nn.ScaledDotProduct;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * The image tokens of one attention (Ye et al. 2023, arXiv:2308.06721, eq. 5); the weight is
 * already in them.
 *
 * @param unconditional tokens for the negative prompt, or null when there are none
 * @param conditional tokens for the prompt
 * @param mask where this counts, or null for everywhere
 */
public record TokenBranch(Memory unconditional, Memory conditional, AttentionMask mask)
    implements AttentionBranch {
  /** What is looked at. */
  public interface Memory {
    Tensor attend(BranchInputs image);
  }

  /**
   * Keys and values [1 or batch, tokens, width], made once for a request.
   *
   * @param bias added to every query's scores, [1, 1, 1, tokens], or null
   */
  public record KeyValues(Tensor keys, Tensor values, Tensor bias) implements Memory {
    @Override
    public Tensor attend(BranchInputs image) {
      Tensor query = image.query();
      return ScaledDotProduct.attend(
          query, splitHeads(keys, query), splitHeads(values, query), bias);
    }

    private static Tensor splitHeads(Tensor tokens, Tensor query) {
      long batch = query.size(0);
      if (tokens.size(2) != query.size(1) * query.size(3)) {
        throw new IllegalArgumentException("an image prompt made for attentions of "
            + tokens.size(2) + " channels met one of " + query.size(1) * query.size(3)
            + ": its adapter was opened for another base; open it for the base of the request");
      }
      return tokens
          .view(tokens.size(0), tokens.size(1), query.size(1), -1)
          .transpose(1, 2)
          .expand(batch, query.size(1), tokens.size(1), query.size(3));
    }
  }

  @Override
  public Tensor attend(BranchInputs image) {
    Tensor seen;
    if (unconditional == null) {
      seen = conditional.attend(image);
    } else {
      long half = image.query().size(0) / 2;
      seen = torch.cat(
          new TensorVector(
              unconditional.attend(image.rows(0, half)),
              conditional.attend(image.rows(half, half))),
          0);
    }
    return mask == null ? seen : seen.mul(mask.forQueries(image.query().size(2)));
  }
}
