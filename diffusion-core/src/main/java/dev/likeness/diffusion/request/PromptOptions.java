package dev.likeness.diffusion.request;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Prompts of a request, and their syntax.
 *
 * @param prompt a description of the image; not null
 * @param negative the negative prompt, which describes unwanted content; may be empty, not null
 * @param syntax the syntax of both prompts; only Stable Diffusion 1.x, 2.x and XL support
 *     {@link PromptSyntax#A1111}
 * @param clipSkip the number of last layers of the text encoder that are left out, at least 0.
 *     Layers that the model family always leaves out are not counted, as in diffusers'
 *     {@code clip_skip}. The web UI's clip skip of 2 corresponds to 1 on Stable Diffusion 1.x, and
 *     to 0 on XL and 2.x. With plain syntax, clip skip applies only to the prompt, as in diffusers.
 *     With A1111 syntax, it applies to both prompts. FLUX, FLUX.2 and Z-Image do not support clip
 *     skip
 * @param textualInversions textual inversions whose tokens the prompts may use. Duplicates are
 *     removed. Different textual inversions must have different tokens
 * @param embedding precomputed embeddings that replace the prompt; null to encode the prompt
 * @param negativeEmbedding precomputed embeddings that replace the negative prompt; null to encode
 *     the negative prompt
 */
public record PromptOptions(
    String prompt,
    String negative,
    PromptSyntax syntax,
    int clipSkip,
    List<TextualInversion> textualInversions,
    PromptEmbedding embedding,
    PromptEmbedding negativeEmbedding) {
  /**
   * Checks the values and removes equal textual inversions.
   *
   * @param prompt a description of the image; not null
   * @param negative the negative prompt; may be empty, not null
   * @param syntax the syntax of both prompts
   * @param clipSkip the number of last layers of the text encoder that are left out, at least 0
   * @param textualInversions textual inversions whose tokens the prompts may use
   * @param embedding precomputed embeddings that replace the prompt; null to encode the prompt
   * @param negativeEmbedding precomputed embeddings that replace the negative prompt, or null
   * @throws IllegalArgumentException if a prompt is null, if the clip skip is negative, or if two
   *     different textual inversions have the same token
   */
  public PromptOptions {
    if (prompt == null || negative == null) {
      throw new IllegalArgumentException(
          "prompt and negative prompt must not be null; give an empty text for none");
    }
    if (clipSkip < 0) {
      throw new IllegalArgumentException("clip skip must not be negative, got " + clipSkip);
    }
    textualInversions = distinct(textualInversions);
  }

  /**
   * {@return options with a prompt in plain syntax, without clip skip or textual inversions}
   *
   * @param prompt the prompt; not null
   */
  public static PromptOptions of(String prompt) {
    return new PromptOptions(prompt, "", PromptSyntax.PLAIN, 0, List.of(), null, null);
  }

  /** Removes equal textual inversions, because several adapters may bring the same one. */
  private static List<TextualInversion> distinct(List<TextualInversion> inversions) {
    List<TextualInversion> distinct = new ArrayList<>();
    for (TextualInversion inversion : inversions) {
      Optional<TextualInversion> known = distinct.stream()
          .filter(other -> other.token().equalsIgnoreCase(inversion.token()))
          .findFirst();
      if (known.isEmpty()) {
        distinct.add(inversion);
      } else if (!known.get().withToken(inversion.token()).equals(inversion)) {
        throw new IllegalArgumentException(
            "two different textual inversions have the token \"" + inversion.token()
                + "\"; rename one (TextualInversion.withToken), or train its person with another"
                + " token");
      }
    }
    return List.copyOf(distinct);
  }

  /**
   * {@return these options with another prompt}
   *
   * @param text the prompt; not null
   */
  public PromptOptions prompt(String text) {
    return new PromptOptions(
        text, negative, syntax, clipSkip, textualInversions, embedding, negativeEmbedding);
  }

  /**
   * {@return these options with another negative prompt}
   *
   * @param text the negative prompt; may be empty, not null
   */
  public PromptOptions negative(String text) {
    return new PromptOptions(
        prompt, text, syntax, clipSkip, textualInversions, embedding, negativeEmbedding);
  }

  /**
   * {@return these options with another syntax}
   *
   * @param other the syntax of both prompts
   */
  public PromptOptions syntax(PromptSyntax other) {
    return new PromptOptions(
        prompt, negative, other, clipSkip, textualInversions, embedding, negativeEmbedding);
  }

  /**
   * {@return these options with another clip skip}
   *
   * @param layers the number of last layers of the text encoder that are left out, at least 0
   * @throws IllegalArgumentException if the number is negative
   */
  public PromptOptions clipSkip(int layers) {
    return new PromptOptions(
        prompt, negative, syntax, layers, textualInversions, embedding, negativeEmbedding);
  }

  /**
   * {@return these options with one more textual inversion}
   *
   * @param inversion the textual inversion, whose token the prompts may use
   * @throws IllegalArgumentException if another textual inversion has the same token
   */
  public PromptOptions textualInversion(TextualInversion inversion) {
    List<TextualInversion> all = new ArrayList<>(textualInversions);
    all.add(inversion);
    return textualInversions(all);
  }

  /**
   * {@return these options with these textual inversions in place of their own}
   *
   * @param others the textual inversions; duplicates are removed
   * @throws IllegalArgumentException if two different textual inversions have the same token
   */
  public PromptOptions textualInversions(List<TextualInversion> others) {
    return new PromptOptions(
        prompt, negative, syntax, clipSkip, others, embedding, negativeEmbedding);
  }

  /**
   * {@return these options with precomputed embeddings}
   *
   * @param positive embeddings that replace the prompt; null to encode the prompt
   * @param negativePrompt embeddings that replace the negative prompt; null to encode the negative
   *     prompt
   */
  public PromptOptions embeddings(PromptEmbedding positive, PromptEmbedding negativePrompt) {
    return new PromptOptions(
        prompt, negative, syntax, clipSkip, textualInversions, positive, negativePrompt);
  }

  /**
   * {@return the number of text encoder layers that are left out for a prompt}
   *
   * @param negativePrompt true for the negative prompt, false for the prompt
   */
  public int skippedLayers(boolean negativePrompt) {
    return negativePrompt && syntax == PromptSyntax.PLAIN ? 0 : clipSkip;
  }
}
