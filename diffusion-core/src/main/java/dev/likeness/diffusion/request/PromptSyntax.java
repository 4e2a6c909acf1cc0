package dev.likeness.diffusion.request;

/** The syntax of a prompt. */
public enum PromptSyntax {
  /** The text as it is, truncated at 77 tokens, as in diffusers; brackets have no meaning. */
  PLAIN,
  /**
   * The syntax of AUTOMATIC1111's web UI, in chunks of 75 tokens.
   *
   * <p>It reads {@code (word:1.2)}, {@code (word)}, {@code [word]}, backslashes, {@code BREAK},
   * {@code [from:to:when]}, {@code [this|that]}, and {@code #} before a comment. File tags
   * ({@code <lora:NAME:0.8>}), prompts joined by {@code AND} and a {@code :1.2} at the end are
   * refused.
   */
  A1111;

  /**
   * {@return the syntax of a name, in any case}
   *
   * @param name {@code plain} or {@code a1111}
   * @throws IllegalArgumentException if the name is not known
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
