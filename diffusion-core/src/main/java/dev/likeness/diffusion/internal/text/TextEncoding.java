package dev.likeness.diffusion.internal.text;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
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

  /**
   * The truncated part of a prompt for one text encoder.
   *
   * @param encoder the text encoder's component
   * @param tokens the number of tokens that it reads
   * @param text the truncated end of the prompt; empty if nothing is truncated
   */
  public record TruncatedPrompt(ModelComponent encoder, int tokens, String text) {
    /** The warning for the user. */
    public String message() {
      return encoder.folder() + " reads " + tokens
          + " tokens of a prompt; the rest was truncated: \"" + text + "\"";
    }
  }
}
