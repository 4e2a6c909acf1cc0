package dev.likeness.diffusion.internal.text;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * A text as its encoder sees it.
 *
 * @param tokens one vector per token [batch, tokens, width]
 * @param pooled one vector per text [batch, width]; of a language model, how many tokens are the
 *     text's own [batch, 1]
 */
public record TextEncoding(Tensor tokens, Tensor pooled) {
  /**
   * What bases are told in the place of no words that were taught by zeros there: zeros of these
   * shapes.
   */
  public TextEncoding zeros() {
    return new TextEncoding(torch.zeros_like(tokens), torch.zeros_like(pooled));
  }

  /** {@code count} of the texts. */
  public TextEncoding narrow(long first, long count) {
    return new TextEncoding(tokens.narrow(0, first, count), pooled.narrow(0, first, count));
  }
}
