package dev.likeness.diffusion.request;

/** The syntax of a prompt. */
public enum PromptSyntax {
  /**
   * Plain text, in which brackets have no special meaning. As in diffusers, CLIP reads at most 77
   * tokens, including the start and end token.
   */
  PLAIN,
  /**
   * The syntax of AUTOMATIC1111's web UI. As in the web UI, prompts are encoded in chunks of 75
   * tokens.
   *
   * <p>Supported are {@code (word:1.2)}, {@code (word)}, {@code [word]}, backslashes,
   * {@code BREAK}, {@code [from:to:when]}, {@code [this|that]}, and comments after {@code #}. A
   * prompt with a file tag ({@code <lora:NAME:0.8>}), with {@code AND}, or with a factor such as
   * {@code :1.2} at its end is refused with an {@link IllegalArgumentException}. A negative prompt
   * may contain {@code AND} and such a factor.
   */
  A1111;

  /**
   * {@return the syntax with the given name}
   *
   * @param name {@code plain} or {@code a1111}, in upper or lower case
   * @throws IllegalArgumentException if the name is neither {@code plain} nor {@code a1111}
   */
  public static PromptSyntax parse(String name) {
    for (PromptSyntax syntax : values()) {
      if (syntax.name().equalsIgnoreCase(name)) {
        return syntax;
      }
    }
    throw new IllegalArgumentException(
        "unknown prompt syntax \"" + name + "\"; known: plain, a1111");
  }
}
