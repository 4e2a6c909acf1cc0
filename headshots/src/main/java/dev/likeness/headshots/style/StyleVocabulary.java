package dev.likeness.headshots.style;

import dev.likeness.diffusion.error.InvalidInputException;
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

/** The words that belong to the person, and that no style says. */
final class StyleVocabulary {
  static final String NEGATIVE = "negative";
  /**
   * A style that said one of these, or what profiles say of hair, beards and glasses, would draw it
   * instead of the person's own; one that forbade it would take it from who has it.
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
  /** What would hide them, and may be forbidden. */
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

  /** What is wrong with a text of a style's field, if anything. */
  static Optional<String> findFault(String field, String text) {
    boolean forbids = field.equals(NEGATIVE);
    Matcher said = (forbids ? PERSON_PATTERN : HIDING_PATTERN).matcher(text);
    return said.find()
        ? Optional.of("\"" + field + "\" says \"" + said.group().toLowerCase(Locale.ROOT)
            + "\", which belongs to the person and would "
            + (forbids ? "be taken from them" : "hide theirs"))
        : Optional.empty();
  }

  /** Refuses a style, read or made in code, that says something of the person. */
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
              throw new InvalidInputException("the style " + style.name() + ": " + reason);
            })));
  }

  /** Any of them, each also as a plural. */
  private static Pattern pattern(Stream<String> words) {
    return Pattern.compile(
        words
            .distinct()
            .map(word -> word.replace(" ", "\\W+"))
            .collect(Collectors.joining("|", "\\b(?:", ")s?\\b")),
        Pattern.CASE_INSENSITIVE);
  }

  /** Such as {@code buzz cut}, {@code ponytail} and, of {@code # hair in a bun}, {@code bun}. */
  private static Stream<String> profileWords() {
    return ProfileVocabulary.attributes().stream()
        .filter(slot -> Set.of("hair", "beard", "glasses").contains(slot.name()))
        .flatMap(slot -> slot.words().stream())
        .flatMap(words -> Stream.of(words.replace("# ", "").split(" (with|in) ")))
        .map(words -> words.replaceFirst("^a ", ""))
        .filter(words -> !words.isEmpty());
  }
}
