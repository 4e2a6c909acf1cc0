package dev.likeness.headshots.style;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.headshots.person.ProfileVocabulary;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The words that describe the person and that a style must not contain. */
final class StyleVocabulary {
  static final String NEGATIVE = "negative";
  /**
   * Words for the person's looks, besides those for hair, beards and glasses in profiles. In a
   * style's prompt they would replace the person's own looks; in a negative prompt they would
   * remove them.
   */
  private static final List<String> PERSON_WORDS = List.of(
      "hair",
      "haired",
      "blond",
      "blonde",
      "brunette",
      "bald",
      "beard",
      "bearded",
      "stubble",
      "mustache",
      "moustache",
      "glasses",
      "eyeglasses",
      "spectacles",
      "sunglasses",
      "skin",
      "skinned",
      "freckle",
      "freckled",
      "wrinkle",
      "wrinkled",
      "scar",
      "scarred",
      "mole",
      "birthmark",
      "tattoo",
      "tattooed",
      "piercing",
      "man",
      "men",
      "woman",
      "women",
      "male",
      "female",
      "boy",
      "girl",
      "lady",
      "ladies",
      "young",
      "old",
      "elderly",
      "aged");
  /** Things that hide the person's looks. They may stand in a negative prompt. */
  private static final List<String> COVERING_WORDS = List.of(
      "hat",
      "mask",
      "cap",
      "beanie",
      "helmet",
      "hood",
      "turban",
      "veil",
      "wig",
      "goggles",
      "balaclava",
      "bonnet");

  private static final Pattern PERSON_PATTERN =
      pattern(Stream.concat(PERSON_WORDS.stream(), profileWords()));
  private static final Pattern HIDING_PATTERN =
      pattern(Stream.of(COVERING_WORDS.stream(), PERSON_WORDS.stream(), profileWords())
          .flatMap(words -> words));

  private StyleVocabulary() {}

  /** The fault in a text of a style's field; empty if there is none. */
  static Optional<String> findFault(String field, String text) {
    boolean isNegative = field.equals(NEGATIVE);
    Matcher match = (isNegative ? PERSON_PATTERN : HIDING_PATTERN).matcher(text);
    return match.find()
        ? Optional.of("\"" + field + "\" has \"" + match.group().toLowerCase(Locale.ROOT)
            + "\"; a style must not "
            + (isNegative ? "exclude the person's own looks" : "describe or hide the person")
            + "; remove the word")
        : Optional.empty();
  }

  /** Refuses a style, from a file or from code, that describes the person's looks. */
  static void validate(Style style) {
    Map.of(
            "opening",
            List.of(style.opening()),
            "wardrobe",
            style.wardrobe(),
            "expressions",
            style.expressions(),
            "lights",
            style.lights(),
            "backdrops",
            style.backdrops(),
            "lens",
            List.of(style.lens()),
            NEGATIVE,
            List.of(style.negative()))
        .forEach((field, texts) ->
            texts.forEach(text -> findFault(field, text).ifPresent(reason -> {
              throw new InvalidInputException(
                  "the style " + Quoted.value(style.name()) + ": " + reason);
            })));
  }

  /** Matches each of the words, in singular and plural. */
  private static Pattern pattern(Stream<String> words) {
    return Pattern.compile(
        words
            .distinct()
            .map(word -> word.replace(" ", "\\W+"))
            .collect(Collectors.joining("|", "\\b(?:", ")s?\\b")),
        Pattern.CASE_INSENSITIVE);
  }

  /**
   * Words of profiles, such as {@code buzz cut}, {@code ponytail}, and {@code bun} of {@code # hair
   * in a bun}.
   */
  private static Stream<String> profileWords() {
    return ProfileVocabulary.attributes().stream()
        .filter(slot -> Set.of("hair", "beard", "glasses").contains(slot.name()))
        .flatMap(slot -> slot.words().stream())
        .flatMap(words -> Stream.of(words.replace("# ", "").split(" (with|in) ")))
        .map(words -> words.replaceFirst("^a ", ""))
        .filter(words -> !words.isEmpty());
  }
}
