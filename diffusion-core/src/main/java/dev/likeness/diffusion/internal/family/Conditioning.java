package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.internal.text.TextEncoding;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.PromptOptions;
import dev.likeness.diffusion.request.PromptSyntax;
import java.util.Collections;
import java.util.List;

/**
 * What the prompts of a request say to the network, encoded once for all of its pictures.
 *
 * @param wanted the prompt's, at each row of the plan: tokens [1, tokens, width], pooled [1, width]
 * @param unwanted the same of the negative prompt, or null where nothing is guided away from it
 */
public record Conditioning(List<TextEncoding> wanted, List<TextEncoding> unwanted) {
  /**
   * Prompts that stay the same over so many rows.
   *
   * @param encoded a row for the prompt, before it one for the negative prompt if there are two
   */
  public static Conditioning lasting(TextEncoding encoded, int rows) {
    long last = encoded.tokens().size(0) - 1;
    return new Conditioning(
        Collections.nCopies(rows, encoded.narrow(last, 1)),
        last == 0 ? null : Collections.nCopies(rows, encoded.narrow(0, 1)));
  }

  /**
   * The texts to encode of a request whose prompts stay: the negative one first, where it is guided
   * away from it.
   *
   * @param skips whether CLIP's tokens are listened to, so that layers of it can be skipped
   * @throws IllegalArgumentException when the request has prompts read in a way that UNets alone
   *     know
   */
  public static List<String> prompts(ImageRequest request, boolean guided, boolean skips) {
    PromptOptions prompting = request.prompting();
    if (prompting.syntax() != PromptSyntax.PLAIN
        || request.embedding() != null
        || request.negativeEmbedding() != null) {
      throw new IllegalArgumentException(
          "prompt syntax and embeddings are for Stable Diffusion 1.x, 2.x and XL; give this base"
              + " plain prompts");
    }
    if (prompting.clipSkip() > 0 && !skips) {
      throw new IllegalArgumentException("clip skip " + prompting.clipSkip()
          + " is for Stable Diffusion; this base hears no layer" + " of CLIP's: leave it at 0");
    }
    return guided ? List.of(request.negative(), request.prompt()) : List.of(request.prompt());
  }

  public TextEncoding at(int row, boolean negative) {
    return (negative ? unwanted : wanted).get(row);
  }
}
