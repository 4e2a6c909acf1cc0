package dev.likeness.diffusion.request;

/** The syntax of a prompt. */
public enum PromptSyntax {
  /**
   * Plain text, in which brackets have no special meaning. As in diffusers, CLIP reads 77 tokens of
   * it.
   */
  PLAIN,
  /**
   * The syntax of AUTOMATIC1111's web UI, in chunks of 75 tokens.
   *
   * <p>Supported are {@code (word:1.2)}, {@code (word)}, {@code [word]}, backslashes,
   * {@code BREAK}, {@code [from:to:when]}, {@code [this|that]}, and comments after {@code #}. File
   * tags ({@code <lora:NAME:0.8>}), prompts joined by {@code AND} and a {@code :1.2} at the end are
   * refused with an exception.
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
