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
 * @param unconditional tokens for the negative prompt, or null without guidance
 * @param conditional tokens for the prompt
 * @param mask the mask, or null for the whole image
 */
public record TokenBranch(Memory unconditional, Memory conditional, AttentionMask mask)
    implements AttentionBranch {
  /** The tokens that an attention attends to. */
  public interface Memory {
    Tensor attend(BranchInputs image);
  }

  /**
   * Keys and values [1 or batch, tokens, width], computed once for a request.
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
        throw new IllegalArgumentException("the image prompt is for attentions of "
            + tokens.size(2) + " channels, but an attention of the base has "
            + query.size(1) * query.size(3) + "; open the adapter for the base of the request");
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
