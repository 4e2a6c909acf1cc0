package dev.likeness.portrait.training;

import dev.likeness.portrait.people.Attribute;
import dev.likeness.portrait.people.HairStyle;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * Something that a captioner says of photos: what profiles and scenes call it, and the attribute
 * that it is.
 *
 * @param name of the slot
 * @param words as profiles and scenes spell the attribute's, in their order; empty ones say nothing
 */
record PhotoSlot(String name, Attribute attribute, List<String> words) {
  /** All that is read. */
  static final List<PhotoSlot> ALL = List.of(
      as("sex", Attribute.SEX),
      as("age", Attribute.AGE),
      as("skin", Attribute.SKIN),
      new PhotoSlot(
          "hair",
          Attribute.HAIR,
          Stream.of(HairStyle.values()).map(PhotoSlot::hair).toList()),
      as("colour", Attribute.HAIR_COLOUR),
      as("beard", Attribute.BEARD),
      as("glasses", Attribute.GLASSES),
      as("marks", Attribute.FRECKLES),
      of("light", Attribute.LIGHT, light -> light.equals("lighting") ? "" : light),
      of(
          "backdrop",
          Attribute.BACKDROP,
          backdrop -> backdrop.matches("(gradient )?background") ? "# " + backdrop : backdrop),
      as("backdrop colour", Attribute.BACKDROP_COLOUR),
      of("outfit", Attribute.OUTFIT, outfit -> "a # " + outfit),
      as("outfit colour", Attribute.OUTFIT_COLOUR));

  private static PhotoSlot as(String name, Attribute attribute) {
    return of(name, attribute, word -> word);
  }

  private static PhotoSlot of(String name, Attribute attribute, UnaryOperator<String> spelled) {
    return new PhotoSlot(
        name, attribute, attribute.words().stream().map(spelled).toList());
  }

  /** With {@code #} where a colour may stand. */
  private static String hair(HairStyle style) {
    String pattern = style.pattern().replace("# ", "a ");
    return style.showsHair() ? pattern.replace("%", "#") : pattern.replace("% ", "");
  }
}
