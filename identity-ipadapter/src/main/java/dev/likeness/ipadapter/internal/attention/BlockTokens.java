package dev.likeness.ipadapter.internal.attention;

import dev.likeness.diffusion.internal.adapter.BlockAddition;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** What an adapter adds behind the blocks of a base, for one half of a guidance batch. */
@FunctionalInterface
public interface BlockTokens {
  /**
   * Returns the addition behind block {@code t} of the adapter's sites at weight 1, of the shape of
   * the image tokens [batch, tokens, width]; owned by the calling scope.
   */
  Tensor of(int t, Tensor image);

  /**
   * The addition behind one block.
   *
   * @param unconditional for the negative prompt, or null without guidance
   * @param conditional for the prompt
   * @param t index of the block among the adapter's sites
   * @param mask the mask, or null for the whole image
   */
  record Addition(
      BlockTokens unconditional, BlockTokens conditional, int t, double weight, AttentionMask mask)
      implements BlockAddition {
    @Override
    public Tensor to(Tensor image) {
      Tensor added;
      if (unconditional == null) {
        added = conditional.of(t, image);
      } else {
        long half = image.size(0) / 2;
        added = torch.cat(
            new TensorVector(
                unconditional.of(t, image.narrow(0, 0, half)),
                conditional.of(t, image.narrow(0, half, half))),
            0);
      }
      Tensor scaled = added.mul(new Scalar(weight));
      return mask == null
          ? scaled
          : scaled.mul(mask.forQueries(image.size(1)).view(1, image.size(1), 1));
    }
  }
}
