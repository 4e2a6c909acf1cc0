package dev.likeness.diffusion.request;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How a request's prompts are read.
 *
 * @param syntax plain, or, for Stable Diffusion 1.x, 2.x and XL, with weights and schedules
 * @param clipSkip how many of the text encoders' last layers are left out beyond the family's own,
 *     as diffusers counts. What the web UI calls clip skip 2 is 1 on Stable Diffusion 1.x; on XL it
 *     is 0, and on 2.x the web UI always does what is 0 here. Plain, it is the prompt's alone, as
 *     in diffusers; else the negative prompt's too. FLUX, FLUX.2 and Z-Image know none
 * @param words textual inversions that the prompts may name; one that is given twice counts once,
 *     two of one token are refused
 */
public record PromptOptions(PromptSyntax syntax, int clipSkip, List<TextualInversion> words) {
  /** Plain, with every layer and no words. */
  public static final PromptOptions PLAIN = new PromptOptions(PromptSyntax.PLAIN, 0, List.of());

  public PromptOptions {
    if (clipSkip < 0) {
      throw new IllegalArgumentException("clip skip must not be negative, got " + clipSkip);
    }
    words = distinct(words);
  }

  /**
   * Several carriers may bring one word; of two words of one token only one could be meant, and
   * whose would be chance.
   */
  private static List<TextualInversion> distinct(List<TextualInversion> words) {
    List<TextualInversion> distinct = new ArrayList<>();
    for (TextualInversion word : words) {
      Optional<TextualInversion> known = distinct.stream()
          .filter(other -> other.token().equalsIgnoreCase(word.token()))
          .findFirst();
      if (known.isEmpty()) {
        distinct.add(word);
      } else if (!known.get().named(word.token()).equals(word)) {
        throw new IllegalArgumentException(
            "two words with vectors of their own are called \"" + word.token()
                + "\", and a prompt can"
                + " name only one of them; call one otherwise (TextualInversion.named), or learn its person with another token");
      }
    }
    return List.copyOf(distinct);
  }

  PromptOptions syntax(PromptSyntax other) {
    return new PromptOptions(other, clipSkip, words);
  }

  PromptOptions clipSkip(int layers) {
    return new PromptOptions(syntax, layers, words);
  }

  PromptOptions word(TextualInversion word) {
    List<TextualInversion> all = new ArrayList<>(words);
    all.add(word);
    return words(all);
  }

  PromptOptions words(List<TextualInversion> others) {
    return new PromptOptions(syntax, clipSkip, others);
  }

  public int skipped(boolean unwanted) {
    return unwanted && syntax == PromptSyntax.PLAIN ? 0 : clipSkip;
  }
}
