package dev.likeness.diffusion.internal.text;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.request.PromptSyntax;
import dev.likeness.diffusion.request.TextualInversion;
import java.text.Normalizer;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The words that a text encoder was trained on, if its tokenizer declares them as {@value #KEY} in
 * {@code tokenizer_config.json}. Other words are encoded as pieces that the text encoder has never
 * seen together. Tokenizers of large models declare nothing.
 *
 * @param words in lower case
 */
record KnownWords(Set<String> words) {
  static final String KEY = "known_words";

  private static final String CONFIG = "tokenizer_config.json";
  private static final Pattern WORD = Pattern.compile("\\p{L}+");
  // A piece may also be an ending such as 's.
  private static final Pattern PIECE = Pattern.compile(ClipTokenizer.ByteLevelBpe.SPLIT);

  /**
   * Reads the declaration; empty if there is none.
   *
   * @throws InvalidInputException if it is not a list of words
   */
  static Optional<KnownWords> read(TokenizerFiles files) {
    Map<String, Object> config = files.has(CONFIG) ? BpeVocabulary.object(files, CONFIG) : Map.of();
    Object declared = config.get(KEY);
    if (declared == null) {
      return Optional.empty();
    }
    if (!(declared instanceof List<?> list)
        || !list.stream()
            .allMatch(word -> word instanceof String text && WORD.matcher(text).matches())) {
      throw new InvalidInputException(files.path(CONFIG) + ": option \"" + KEY + "\" is "
          + Quoted.of(String.valueOf(declared))
          + ", expected a list of words, each of letters only; correct it or remove it");
    }
    return Optional.of(new KnownWords(
        list.stream().map(word -> folded((String) word)).collect(Collectors.toUnmodifiableSet())));
  }

  /**
   * The other words of a prompt, in its order and without repetition. Digits and signs are no
   * words, and neither are the tokens of textual inversions.
   */
  List<String> unknownWords(String prompt, PromptSyntax syntax, List<TextualInversion> inversions) {
    Stream<String> texts = syntax == PromptSyntax.PLAIN
        ? Stream.of(prompt)
        : WeightedText.parse(prompt).stream()
            .filter(piece -> piece != WeightedText.BREAK)
            .map(WeightedText::text);
    return texts
        .map(text -> withoutTokens(text, inversions))
        .flatMap(text -> PIECE.matcher(folded(text)).results().map(MatchResult::group))
        .filter(piece -> WORD.matcher(piece).matches())
        .filter(word -> !words.contains(word))
        .distinct()
        .toList();
  }

  private static String withoutTokens(String text, List<TextualInversion> inversions) {
    String rest = text;
    for (TextualInversion inversion : inversions) {
      for (int at = inversion.find(rest); at >= 0; at = inversion.find(rest)) {
        rest =
            rest.substring(0, at) + " " + rest.substring(at + inversion.token().length());
      }
    }
    return rest;
  }

  // As the tokenizer does: NFC, lower case.
  private static String folded(String text) {
    return Normalizer.normalize(text, Normalizer.Form.NFC).toLowerCase(Locale.ROOT);
  }
}
