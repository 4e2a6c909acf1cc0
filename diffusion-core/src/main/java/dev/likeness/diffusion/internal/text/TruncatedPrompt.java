package dev.likeness.diffusion.internal.text;

import dev.likeness.diffusion.internal.adapter.ModelComponent;

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
    return encoder.folder() + " reads " + tokens + " tokens of a prompt; the rest was truncated: \""
        + text + "\"";
  }
}
