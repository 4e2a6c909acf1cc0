package dev.likeness.portrait.people;

import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * What can be asked of a portrait and read back from it: each attribute, its possible words, and
 * the word of an image. What could as well be called otherwise, an age between two words, say, is
 * called nothing.
 */
public enum Attribute {
  STYLE(words(Style.values(), Style::words), (p, s) -> s.style().words()),
  SEX(words(Sex.values(), Words::of), (p, s) -> Words.of(p.sex())),
  AGE(Words.ages(), (p, s) -> Words.plainAge(p)),
  SKIN(Words.skins(), (p, s) -> Words.plainSkin(p)),
  HAIR(words(HairStyle.values(), HairStyle::words), (p, s) -> p.hair().words()),
  HAIR_COLOUR(
      words(HairColour.values(), HairColour::words),
      (p, s) -> p.hair().showsHair()
              && (s.style() != Style.MONOCHROME || p.hairColour().showsInGray())
          ? p.hairColour().words()
          : ""),
  EYES(
      words(EyeColour.values(), e -> e.words() + " eyes"),
      (p, s) -> inColour(s, p.eyes().words() + " eyes")),
  BEARD(words(BeardStyle.values(), BeardStyle::words), (p, s) -> p.beard().words()),
  GLASSES(words(Glasses.values(), Glasses::words), (p, s) -> p.glasses().words()),
  EARRINGS(List.of("", "earrings"), (p, s) -> p.earrings() ? "earrings" : ""),
  FRECKLES(List.of("", "freckles"), (p, s) -> p.freckles() > 0 ? "freckles" : ""),
  EXPRESSION(
      words(Expression.values(), Expression::words),
      (p, s) -> s.mood().expression().words()),
  POSE(Words.poses(), (p, s) -> Words.plainPose(s)),
  GAZE(Words.gazes(), (p, s) -> Words.gaze(s)),
  LIGHT(words(Light.values(), Light::words), (p, s) -> s.lighting().light().words()),
  LIGHT_COLOUR(
      tints(),
      (p, s) -> s.lighting().light() == Light.COLOURED ? s.lighting().tint().words() : ""),
  OUTFIT(
      words(Outfit.values(), Outfit::words),
      (p, s) -> worn(p, s.clothes().outfit().words())),
  OUTFIT_COLOUR(tints(), (p, s) -> worn(p, inColour(s, s.clothes().tint().words()))),
  PATTERN(
      words(Pattern.values(), Pattern::words),
      (p, s) -> worn(p, s.clothes().pattern().words())),
  BACKDROP(
      words(Backdrop.values(), Backdrop::words),
      (p, s) -> s.background().backdrop().words()),
  BACKDROP_COLOUR(
      tints(),
      (p, s) ->
          s.background().backdrop().tinted() ? inColour(s, s.background().tint().words()) : "");

  private final List<String> words;
  private final BiFunction<Person, Shot, String> word;

  Attribute(List<String> words, BiFunction<Person, Shot, String> word) {
    this.words = words;
    this.word = word;
  }

  /** Every value this attribute can have; an empty one means that there is nothing to say. */
  public List<String> words() {
    return words;
  }

  /**
   * The value that holds for {@code person} in {@code shot}; one of {@link #words()}, or empty
   * where it does not apply.
   */
  public String word(Person person, Shot shot) {
    return word.apply(person, shot);
  }

  /** Place of {@link #word} in {@link #words()}, -1 where the attribute does not apply. */
  public int index(Person person, Shot shot) {
    // Plain cloth has an empty word of its own, which hidden cloth must not be taken for.
    return this == PATTERN && person.hair().hidesClothes() ? -1 : words.indexOf(word(person, shot));
  }

  private static String worn(Person person, String word) {
    return person.hair().hidesClothes() ? "" : word;
  }

  private static String inColour(Shot shot, String word) {
    return shot.style() == Style.MONOCHROME ? "" : word;
  }

  private static <T> List<String> words(T[] values, Function<T, String> name) {
    return Stream.of(values).map(name).toList();
  }

  private static List<String> tints() {
    return words(Tint.values(), Tint::words);
  }
}
