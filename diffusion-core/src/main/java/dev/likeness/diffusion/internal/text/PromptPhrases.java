package dev.likeness.diffusion.internal.text;

import java.util.List;

/** Joins words to phrases of English prompts. */
public final class PromptPhrases {
  private PromptPhrases() {}

  /** Returns a list in words: {@code a, b and c}. */
  public static String join(List<String> parts) {
    int last = parts.size() - 1;
    return last == 0
        ? parts.get(0)
        : String.join(", ", parts.subList(0, last)) + " and " + parts.get(last);
  }

  /** Returns {@code words} after the article {@code a} or {@code an}. */
  public static String withArticle(String words) {
    return ("aeio".indexOf(words.charAt(0)) >= 0 ? "an " : "a ") + words;
  }
}
