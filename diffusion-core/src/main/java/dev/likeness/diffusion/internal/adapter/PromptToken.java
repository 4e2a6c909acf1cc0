package dev.likeness.diffusion.internal.adapter;

import org.jspecify.annotations.Nullable;

/**
 * A token of a prompt.
 *
 * @param id its id in the vocabulary of the text encoder
 * @param mark the mark of a {@link PromptChange}, by which it finds the token after encoding; null
 *     for a token without mark
 */
public record PromptToken(int id, @Nullable Object mark) {
  /** A token without mark. */
  public static PromptToken of(int id) {
    return new PromptToken(id, null);
  }

  /** This token with a mark. */
  public PromptToken marked(Object mark) {
    return new PromptToken(id, mark);
  }
}
