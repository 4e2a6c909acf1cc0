package dev.likeness.diffusion.request;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Prompts of a request, and how they are read.
 *
 * @param prompt what the image shows
 * @param negative what it must not show; empty for nothing
 * @param syntax plain, or, for Stable Diffusion 1.x, 2.x and XL, with weights and schedules
 * @param clipSkip how many of the text encoders' last layers are left out beyond the family's own,
 *     as diffusers counts. What the web UI calls clip skip 2 is 1 on Stable Diffusion 1.x; on XL it
 *     is 0, and on 2.x the web UI always does what is 0 here. With plain syntax it is the prompt's
 *     alone, as in diffusers; else the negative prompt's too. FLUX, FLUX.2 and Z-Image have none
 * @param textualInversions textual inversions that the prompts may name; one that is given twice
 *     counts once, two of one token are refused
 * @param embedding precomputed prompt embeddings; replace the prompt. Null for none
 * @param negativeEmbedding the same for the negative prompt
 */
public record PromptOptions(
    String prompt,
    String negative,
    PromptSyntax syntax,
    int clipSkip,
    List<TextualInversion> textualInversions,
    PromptEmbedding embedding,
    PromptEmbedding negativeEmbedding) {
  public PromptOptions {
    if (prompt == null || negative == null) {
      throw new IllegalArgumentException(
          "prompt and negative prompt must not be null; give an empty text");
    }
    if (clipSkip < 0) {
      throw new IllegalArgumentException("clip skip must not be negative, got " + clipSkip);
    }
    textualInversions = distinct(textualInversions);
  }

  /** This prompt, read plainly, with every layer and without textual inversions. */
  public static PromptOptions of(String prompt) {
    return new PromptOptions(prompt, "", PromptSyntax.PLAIN, 0, List.of(), null, null);
  }

  /**
   * Several adapters may bring one embedding; of two embeddings of one token only one could be
   * meant.
   */
  private static List<TextualInversion> distinct(List<TextualInversion> words) {
    List<TextualInversion> distinct = new ArrayList<>();
    for (TextualInversion word : words) {
      Optional<TextualInversion> known = distinct.stream()
          .filter(other -> other.token().equalsIgnoreCase(word.token()))
          .findFirst();
      if (known.isEmpty()) {
        distinct.add(word);
      } else if (!known.get().withToken(word.token()).equals(word)) {
        throw new IllegalArgumentException(
            "two words with vectors of their own are called \"" + word.token()
                + "\", and a prompt can name only one of them; call one otherwise (TextualInversion.named), or learn its"
                + " person with another token");
      }
    }
    return List.copyOf(distinct);
  }

  public PromptOptions prompt(String text) {
    return new PromptOptions(
        text, negative, syntax, clipSkip, textualInversions, embedding, negativeEmbedding);
  }

  public PromptOptions negative(String text) {
    return new PromptOptions(
        prompt, text, syntax, clipSkip, textualInversions, embedding, negativeEmbedding);
  }

  public PromptOptions syntax(PromptSyntax other) {
    return new PromptOptions(
        prompt, negative, other, clipSkip, textualInversions, embedding, negativeEmbedding);
  }

  public PromptOptions clipSkip(int layers) {
    return new PromptOptions(
        prompt, negative, syntax, layers, textualInversions, embedding, negativeEmbedding);
  }

  /** With this textual inversion too. */
  public PromptOptions textualInversion(TextualInversion word) {
    List<TextualInversion> all = new ArrayList<>(textualInversions);
    all.add(word);
    return textualInversions(all);
  }

  /** With these textual inversions alone. */
  public PromptOptions textualInversions(List<TextualInversion> others) {
    return new PromptOptions(
        prompt, negative, syntax, clipSkip, others, embedding, negativeEmbedding);
  }

  public PromptOptions embeddings(PromptEmbedding wanted, PromptEmbedding negativePrompt) {
    return new PromptOptions(
        prompt, negative, syntax, clipSkip, textualInversions, wanted, negativePrompt);
  }

  /** How many layers are left out for the prompt, or for the negative prompt. */
  public int skippedLayers(boolean negativePrompt) {
    return negativePrompt && syntax == PromptSyntax.PLAIN ? 0 : clipSkip;
  }
}
