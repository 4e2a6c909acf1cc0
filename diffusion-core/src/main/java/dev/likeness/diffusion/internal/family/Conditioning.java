package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.internal.text.TextEncoding;
import dev.likeness.diffusion.internal.text.TruncatedPrompt;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.PromptOptions;
import dev.likeness.diffusion.request.PromptSyntax;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;

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

  /**
   * What their reader should know of completed requests' texts, each once: what of them is not
   * heard, and which words none names.
   */
  public static Stream<String> notices(OpenModel denoiser, List<ImageRequest> requests) {
    Stream<String> cut =
        requests.stream().flatMap(request -> cuts(denoiser, request)).map(TruncatedPrompt::told);
    Stream<String> unheard = requests.stream()
        .filter(request -> !denoiser.guided(request))
        .filter(request -> !request.negative().isBlank() || request.negativeEmbedding() != null)
        .map(request ->
            "the negative prompt is not heard: guidance by two prompts (--guidance, on FLUX.1 --true-cfg) is off,"
                + " or this base has none");
    Stream<String> unnamed = requests.stream()
        .flatMap(request -> request.prompting().words().stream())
        .filter(word -> requests.stream()
            .allMatch(
                request -> word.find(request.prompt()) < 0 && word.find(request.negative()) < 0))
        .map(word -> "the learned word \"" + word.token() + "\" does nothing: no prompt names it");
    return Stream.of(cut, unheard, unnamed).flatMap(notices -> notices).distinct();
  }

  /**
   * What the text encoders leave out of a request's prompts, of those that are not given in numbers
   * nor read in chunks.
   */
  private static Stream<TruncatedPrompt> cuts(OpenModel denoiser, ImageRequest request) {
    boolean chunks = request.prompting().syntax() != PromptSyntax.PLAIN;
    Stream<String> wanted =
        chunks || request.embedding() != null ? Stream.of() : Stream.of(request.prompt());
    Stream<String> unwanted =
        chunks || request.negativeEmbedding() != null || !denoiser.guided(request)
            ? Stream.of()
            : Stream.of(request.negative());
    return Stream.concat(wanted, unwanted)
        .flatMap(prompt -> denoiser.cuts(prompt, request.prompting().words()))
        .filter(cut -> !cut.words().isEmpty());
  }

  public TextEncoding at(int row, boolean negative) {
    return (negative ? unwanted : wanted).get(row);
  }
}
