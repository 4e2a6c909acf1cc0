package dev.likeness.ipadapter.internal.method.pulid;

import dev.likeness.diffusion.internal.adapter.AttentionBranch.BranchInputs;
import dev.likeness.diffusion.internal.nn.ScaledDotProduct;
import dev.likeness.ipadapter.internal.attention.TokenBranch;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The tokens of a person in one attention of SDXL. Of what they add, the part along the attention's
 * own result is reduced where the first tokens get little attention. Same results as
 * {@code IDAttnProcessor2_0} with {@code ORTHO_v2}.
 *
 * @param keys keys of the tokens, zeros at the end, [1, tokens, width]
 * @param values their values, of the same shape
 */
record OrthogonalTokens(Tensor keys, Tensor values, double scale) implements TokenBranch.Memory {
  /** The tokens whose attention decides. */
  private static final int FIRST = 5;

  @Override
  public Tensor attend(BranchInputs image) {
    Tensor query = image.query();
    Tensor key = split(keys, query);
    Tensor shown = ScaledDotProduct.attend(query, key, split(values, query));
    Tensor own = image.result();
    Tensor size = own.mul(own).sum(new long[] {2}, true, new ScalarTypeOptional());
    // SDXL's empty negative prompt is zeros, and nothing is along a result of zero.
    Tensor along = own.mul(shown)
        .sum(new long[] {2}, true, new ScalarTypeOptional())
        .div(size.add(size.eq(new Scalar(0)).to(size.scalar_type())))
        .mul(own);
    Tensor share = torch
        .softmax(query.matmul(key.transpose(2, 3)), -1)
        .mean(new long[] {1}, true, new ScalarTypeOptional())
        .narrow(3, 0, Math.min(FIRST, key.size(2)))
        .sum(new long[] {3}, true, new ScalarTypeOptional());
    return shown.add(share.sub(new Scalar(1)).mul(along)).mul(new Scalar(scale));
  }

  private static Tensor split(Tensor tokens, Tensor query) {
    return tokens
        .view(1, tokens.size(1), query.size(1), -1)
        .transpose(1, 2)
        .expand(query.size(0), query.size(1), tokens.size(1), query.size(3));
  }
}
