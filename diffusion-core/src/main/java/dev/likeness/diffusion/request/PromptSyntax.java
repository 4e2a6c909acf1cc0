package dev.likeness.diffusion.request;

/** How a prompt is read. */
public enum PromptSyntax {
  /** Word for word and cut at 77 tokens, as diffusers reads it; brackets mean nothing. */
  PLAIN,
  /**
   * As AUTOMATIC1111's web interface reads it: {@code (word:1.2)}, {@code (word)}, {@code [word]},
   * backslashes, {@code BREAK}, {@code [from:to:when]}, {@code [this|that]}, as many chunks of 75
   * tokens as it takes, and {@code #} before a comment. Tags of files ({@code <lora:NAME:0.8>}),
   * prompts joined by {@code AND} and a {@code :1.2} at the end are refused.
   */
  A1111;

  /** The syntax of a name such as {@code a1111}. */
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
