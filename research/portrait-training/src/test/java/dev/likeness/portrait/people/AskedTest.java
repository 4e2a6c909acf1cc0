package dev.likeness.portrait.people;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AskedTest {
  @Test
  void findsInEveryCaptionOnlyWhatHoldsOfItsImage() {
    Set<Attribute> found = EnumSet.noneOf(Attribute.class);
    for (long seed = 0; seed < 2000; seed++) {
      Person person = Person.random(seed);
      Shot shot = seed % 4 == 0
          ? Shot.selfie(new Random(seed))
          : Shot.headshot(new Random(seed * 0x9E3779B97F4A7C15L));
      for (String caption :
          List.of(Caption.of(person, shot, seed + 1_000_003), Caption.full(person, shot))) {
        Asked.of(caption).forEach((attribute, words) -> {
          found.add(attribute);
          assertTrue(
              words.contains(attribute.word(person, shot)),
              attribute + " is " + attribute.word(person, shot) + ", not " + words + ": "
                  + caption);
        });
      }
    }
    assertEquals(EnumSet.allOf(Attribute.class), found);
  }

  @Test
  void missesNothingThatAWholeCaptionSays() {
    Set<Attribute> always =
        EnumSet.of(Attribute.STYLE, Attribute.SEX, Attribute.HAIR, Attribute.LIGHT);
    for (long seed = 0; seed < 300; seed++) {
      Person person = Person.random(seed);
      Shot shot = Shot.headshot(new Random(seed * 0x9E3779B97F4A7C15L));
      String caption = Caption.full(person, shot);
      Map<Attribute, Set<String>> asked = Asked.of(caption);
      assertTrue(asked.keySet().containsAll(always), caption + " " + asked.keySet());
      boolean clothes = person.hair() != HairStyle.HEADSCARF;
      assertEquals(clothes, asked.containsKey(Attribute.OUTFIT), caption);
      assertEquals(
          clothes && shot.style() != Style.MONOCHROME,
          asked.containsKey(Attribute.OUTFIT_COLOUR),
          caption);
      assertEquals(
          clothes && shot.clothes().pattern() != Pattern.PLAIN,
          asked.containsKey(Attribute.PATTERN),
          caption);
      for (Attribute plain : List.of(Attribute.AGE, Attribute.SKIN)) {
        assertEquals(
            plain.index(person, shot) >= 0, asked.containsKey(plain), plain + ": " + caption);
      }
      assertEquals(person.glasses() != Glasses.NONE, asked.containsKey(Attribute.GLASSES), caption);
    }
  }

  @Test
  void understandsPromptsAsBuyersWriteThem() {
    assertEquals(
        Map.of(Attribute.LIGHT, Set.of("lighting"), Attribute.LIGHT_COLOUR, Set.of("indigo")),
        Asked.of("professional CEO in a minimalist studio, sharp focus, indigo lighting"));
    assertEquals(
        Map.of(Attribute.OUTFIT, Set.of("blazer"), Attribute.BACKDROP, Set.of("bokeh lights")),
        Asked.of("Italian wool blazer, bokeh"));
    assertEquals(
        Map.of(
            Attribute.OUTFIT,
            Set.of("suit and tie", "blazer"),
            Attribute.BACKDROP,
            Set.of("background"),
            Attribute.BACKDROP_COLOUR,
            Set.of("gray")),
        Asked.of("business attire, gray background"));
    assertEquals(Map.of(), Asked.of("a horse"));
  }
}
