package dev.likeness.diffusion.internal.text;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * An encoded text.
 *
 * @param tokens one vector per token [batch, tokens, width]
 * @param pooled one vector per text [batch, width]; of a language model, the number of text tokens
 *     [batch, 1]
 */
public record TextEncoding(Tensor tokens, Tensor pooled) {
  /** Returns zeros of the same shapes, for bases whose empty prompt is zeros. */
  public TextEncoding zeros() {
    return new TextEncoding(torch.zeros_like(tokens), torch.zeros_like(pooled));
  }

  /** Returns {@code count} of the texts, from {@code first} on. */
  public TextEncoding narrow(long first, long count) {
    return new TextEncoding(tokens.narrow(0, first, count), pooled.narrow(0, first, count));
  }
}
