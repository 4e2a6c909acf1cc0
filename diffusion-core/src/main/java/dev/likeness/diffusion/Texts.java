package dev.likeness.diffusion;

import dev.likeness.diffusion.text.TextEncoding;
import java.util.Collections;
import java.util.List;

/**
 * What the prompts of a request say to the network, encoded once for all of its pictures.
 *
 * @param wanted the prompt's, at each row of the plan: tokens [1, tokens, width], pooled [1, width]
 * @param unwanted the same of the negative prompt, or null where nothing is guided away from it
 */
record Texts(List<TextEncoding> wanted, List<TextEncoding> unwanted) {
  /**
   * Prompts that stay the same over so many rows.
   *
   * @param encoded a row for the prompt, before it one for the negative prompt if there are two
   */
  static Texts lasting(TextEncoding encoded, int rows) {
    long last = encoded.tokens().size(0) - 1;
    return new Texts(Collections.nCopies(rows, encoded.narrow(last, 1)),
        last == 0 ? null : Collections.nCopies(rows, encoded.narrow(0, 1)));
  }

  /** The texts to encode of a request whose prompts stay: the negative one first, where it is guided away from it. */
  static List<String> prompts(ImageRequest request, boolean guided) {
    return guided ? List.of(request.negative(), request.prompt()) : List.of(request.prompt());
  }

  TextEncoding at(int row, boolean negative) {
    return (negative ? unwanted : wanted).get(row);
  }
}
