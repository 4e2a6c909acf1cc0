package dev.likeness.diffusion.internal.text;

import dev.likeness.diffusion.internal.adapter.ModelComponent;

/**
 * What a text encoder leaves out of a prompt that is too long for it.
 *
 * @param encoder the part of the model
 * @param tokens how many of a prompt it hears
 * @param text the prompt's end; empty where all of it is heard
 */
public record TruncatedPrompt(ModelComponent encoder, int tokens, String text) {
  /** As its reader should know it. */
  public String message() {
    return encoder.folder() + " hears " + tokens + " tokens of a prompt and leaves out the rest: \""
        + text + "\"";
  }
}
