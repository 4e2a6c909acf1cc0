package dev.likeness.ipadapter.internal.attention;

import dev.likeness.diffusion.internal.adapter.AttentionBranch.Asking;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.ipadapter.internal.projection.Sights;
import dev.likeness.ipadapter.internal.projection.TimestepResampler;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * Image tokens that change with the time, looked at through one block of Stable Diffusion 3.
 *
 * @param bias added to the scores of the tokens, [1, 1, 1, tokens], or null
 */
public record TimedMemory(Tokens tokens, TimestepAttention attention, double scale, Tensor bias)
    implements TokenBranch.Memory {
  /**
   * The tokens of one request, made once for each pass of the network and shared by its blocks. One
   * thread's.
   */
  public static final class Tokens {
    private final TimestepResampler resampler;
    private final Tensor seen;
    private final Tensor shown;
    private final Tensor told;
    private Tensor time;

    /**
     * Tokens of references that an image encoder saw so, [n, tokens, width]; what is made belongs
     * to the calling scope.
     *
     * @param count how many tokens of what width
     */
    Tokens(TimestepResampler resampler, Tensor seen, long count, long width) {
      this.resampler = resampler;
      this.seen = seen;
      shown = seen.new_empty(1, seen.size(0) * count, width);
      told = resampler.told(seen.new_zeros(1)).clone();
    }

    /**
     * Made anew for each pass, which another tensor tells: a replayed one writes its numbers into
     * the same.
     */
    private void at(Tensor now) {
      if (now == time) {
        return;
      }
      try (TensorScope scope = TensorScope.open()) {
        told.copy_(resampler.told(now));
        shown.copy_(resampler.forward(new Sights(seen, null, told)).view_as(shown));
      }
      time = now;
    }
  }

  @Override
  public Tensor attend(Asking picture) {
    tokens.at(picture.time());
    return attention.attend(picture, tokens.shown, tokens.told, bias).mul(new Scalar(scale));
  }
}
