package dev.likeness.diffusion.internal.family.stablediffusion;

import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.PromptSyntax;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the web interface reads in prompts that is no text, and is not done here: tags of extra
 * networks ({@code modules/extra_networks.py}) and prompts joined by {@code AND} or weighed
 * ({@code modules/prompt_parser.py}). They are refused, since text encoders would take them for
 * words.
 */
final class UnreadSyntax {
  private static final Pattern TAG =
      Pattern.compile("<\\w+:[^>]+>", Pattern.UNICODE_CHARACTER_CLASS);
  private static final Pattern JOINED =
      Pattern.compile("\\bAND\\b", Pattern.UNICODE_CHARACTER_CLASS);
  private static final Pattern FACTOR = Pattern.compile(":\\s*[-+]?(\\d+\\.?|\\d*\\.\\d+)\\s*\\z");
  private static final String COMMENT = "#[^\n]*\n?";

  private UnreadSyntax() {}

  /**
   * The request as text encoders read it: in the web interface's syntax without comments.
   *
   * @throws IllegalArgumentException when one says what is not done here
   */
  static ImageRequest read(ImageRequest asked) {
    if (asked.prompting().syntax() != PromptSyntax.A1111) {
      return asked;
    }
    ImageRequest request = asked
        .prompt(asked.prompt().replaceAll(COMMENT, "\n"))
        .negative(asked.negative().replaceAll(COMMENT, "\n"));
    if (request.embedding() == null) {
      refuseTags("prompt", request.prompt(), request);
      refuseComposed(request.prompt());
    }
    // The web interface takes AND and a number at the end of a negative prompt for words.
    if (request.negativeEmbedding() == null) {
      refuseTags("negative prompt", request.negative(), request);
    }
    return request;
  }

  private static void refuseTags(String which, String prompt, ImageRequest request) {
    TAG.matcher(prompt)
        .results()
        .map(found -> found.group())
        .filter(tag -> !isWord(tag, request))
        .findFirst()
        .ifPresent(tag -> {
          throw new IllegalArgumentException(
              "the " + which + " has " + tag
                  + ", by which the web interface loads a file; take it out, and"
                  + " give a LoRA as its file: ImageRequest.as(Lora.open(FILE, base).at(WEIGHT)), or --lora FILE@WEIGHT");
        });
  }

  private static boolean isWord(String tag, ImageRequest request) {
    return request.prompting().words().stream()
        .anyMatch(word -> word.token().equalsIgnoreCase(tag));
  }

  private static void refuseComposed(String prompt) {
    Matcher joined = JOINED.matcher(prompt);
    if (joined.find()) {
      throw new IllegalArgumentException(
          "the prompt joins prompts by AND, which are not drawn together here (\"" + prompt
              + "\"); ask for one of them, or write the word in small letters");
    }
    Matcher factor = FACTOR.matcher(prompt);
    if (factor.find()) {
      throw new IllegalArgumentException("the prompt ends in \""
          + factor.group().strip() + "\", which multiplies the guidance in the"
          + " web interface; write (WORDS:1.2), or change the guidance");
    }
  }
}
