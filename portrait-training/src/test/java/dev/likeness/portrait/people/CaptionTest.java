package dev.likeness.portrait.people;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class CaptionTest {
  @Test
  void saysEverythingInAFixedOrderWhenAskedTo() {
    Person person = LongStream.range(1, 100).mapToObj(Person::random).filter(p -> !Words.plainAge(p).isEmpty()).findFirst()
        .orElseThrow();
    Shot shot = Shot.headshot(new Random(1), Style.STUDIO).withPose(0, 0, 0).withGaze(0, 0)
        .withExpression(Expression.SMILE, 1).withLight(Light.COLOURED, Tint.INDIGO)
        .withOutfit(Outfit.BLAZER, Tint.ORANGE, Pattern.STRIPES).withBackdrop(Backdrop.PAPER, Tint.GRAY);
    String caption = Caption.full(person, shot);
    assertTrue(caption.startsWith("studio portrait of " + Words.article(Words.age(person))), caption);
    assertTrue(caption.contains(" " + Words.of(person.sex()) + " "), caption);
    assertTrue(caption.endsWith(
        ", wearing a striped orange blazer, smiling, indigo lighting, gray background"), caption);
  }

  @Test
  void neverNamesAnAttributeThatIsNotThere() {
    for (long seed = 0; seed < 400; seed++) {
      Person person = Person.random(seed);
      Shot shot = seed % 2 == 0 ? Shot.headshot(new Random(seed * 0x9E3779B97F4A7C15L)) : Shot.selfie(new Random(seed));
      String caption = Caption.of(person, shot, seed * 7);
      assertEquals(false, caption.contains("glasses") && person.glasses() == Glasses.NONE, caption);
      assertEquals(false, caption.contains("earrings") && !person.earrings(), caption);
      assertEquals(false, caption.contains("beard") && person.sex() == Sex.WOMAN, caption);
      assertEquals(false, caption.contains("smiling") && shot.expression() != Expression.SMILE, caption);
      assertEquals(false, caption.contains(" woman") && person.sex() == Sex.MAN, caption);
      assertEquals(false, caption.contains("selfie") && shot.style() != Style.SELFIE, caption);
    }
  }

  @Test
  void callsNothingByAWordThatAnotherWouldFitAsWell() {
    int silent = 0;
    for (long seed = 0; seed < 400; seed++) {
      Person person = Person.random(seed);
      Shot shot = Shot.headshot(new Random(seed * 0x9E3779B97F4A7C15L));
      String caption = Caption.full(person, shot);
      boolean between = person.age() == 35 || person.age() == 57;
      assertFalse(between && Attribute.AGE.words().stream().anyMatch(word -> caption.contains(" " + word + " ")), caption);
      assertEquals(person.age() < 32 || person.age() > 59, !Words.plainAge(person).isEmpty() && !caption.contains("middle-aged"),
          person.age() + ": " + caption);
      boolean brink = Math.abs(person.melanin() - .4f) < .02f || Math.abs(person.melanin() - .8f) < .02f;
      assertFalse(brink && caption.contains(" skin"), caption);
      assertFalse(Math.abs(Math.abs(shot.yaw()) - .14f) < .03f && caption.contains("turned to"), caption);
      silent += Words.plainAge(person).isEmpty() || Words.plainSkin(person).isEmpty() ? 1 : 0;
    }
    assertTrue(silent > 100 && silent < 200, silent + " of 400 lack a word for age or skin");
  }

  @Test
  void nothingHiddenIsWornOrSaid() {
    int seen = 0;
    for (long seed = 0; seed < 2000; seed++) {
      Person person = Person.random(seed);
      assertFalse(person.earrings() && person.hair() == HairStyle.WAVY, person.toString());
      assertFalse(person.freckles() > 0 && person.melanin() > .7f, person.toString());
      seen += person.earrings() ? 1 : 0;
    }
    assertTrue(seen > 150, "earrings of " + seen);
  }

  @Test
  void usesOnlyWordsOfTheVocabulary() {
    Set<String> known = new HashSet<>(Words.vocabulary());
    for (long seed = 0; seed < 500; seed++) {
      Shot shot = seed % 2 == 0 ? Shot.headshot(new Random(seed * 0x9E3779B97F4A7C15L)) : Shot.selfie(new Random(seed));
      for (String word : Caption.of(Person.random(seed), shot, seed).replace(",", "").split(" ")) {
        assertTrue(known.contains(word), word);
      }
    }
  }

  @Test
  void variesWithItsSeedAndDropsSomeOfWhatThereIs() {
    Person person = Person.random(12);
    Shot shot = Shot.headshot(new Random(12));
    Set<String> seen = new HashSet<>();
    int shortest = Integer.MAX_VALUE;
    for (long seed = 0; seed < 60; seed++) {
      String caption = Caption.of(person, shot, seed);
      assertEquals(caption, Caption.of(person, shot, seed));
      seen.add(caption);
      shortest = Math.min(shortest, caption.length());
    }
    assertTrue(seen.size() > 40, "only " + seen.size() + " different captions");
    assertTrue(shortest < Caption.full(person, shot).length() / 2);
  }

  @Test
  void wordsClothesAndPlacesAsBuyersOfHeadshotsDo() {
    Shot plain = Shot.headshot(new Random(3), Style.STUDIO).withOutfit(Outfit.BLAZER, Tint.NAVY, Pattern.PLAIN)
        .withBackdrop(Backdrop.PAPER, Tint.GRAY).withLight(Light.COLOURED, Tint.INDIGO);
    Shot lights = plain.withBackdrop(Backdrop.BOKEH, Tint.GRAY);
    Shot shirt = plain.withOutfit(Outfit.SHIRT, Tint.NAVY, Pattern.PLAIN);
    for (String asked : List.of("professional ceo", "in a minimalist studio, ", "sharp focus", "indigo lighting",
        "italian wool blazer", "business attire", "gray background")) {
      assertTrue(says(asked, plain), asked);
    }
    assertTrue(says(", bokeh", lights));
    assertFalse(says("minimalist", lights));
    assertFalse(says("ceo", shirt) || says("wool", shirt) || says("business attire", shirt));
  }

  private static boolean says(String words, Shot shot) {
    return LongStream.range(0, 1500).mapToObj(seed -> Caption.of(Person.random(seed), shot, seed) + ", ")
        .anyMatch(caption -> caption.contains(words));
  }

  @Test
  void leavesColoursOutOfBlackAndWhite() {
    Shot shot = Shot.headshot(new Random(2), Style.MONOCHROME).withOutfit(Outfit.SHIRT, Tint.RED, Pattern.PLAIN)
        .withBackdrop(Backdrop.PAPER, Tint.GREEN);
    for (long seed = 0; seed < 50; seed++) {
      String caption = Caption.of(Person.random(seed), shot, seed);
      assertFalse(List.of(caption.replace(",", "").split(" ")).stream().anyMatch(List.of("red", "green")::contains),
          caption);
    }
  }

  @Test
  void saysNothingOfAnybodysLooks() {
    for (long seed = 0; seed < 300; seed++) {
      Person person = Person.random(seed);
      Shot shot = Shot.headshot(new Random(seed));
      String caption = " " + Caption.ofAnybody(person, shot, seed).replace(",", "") + " ";
      for (Attribute attribute : List.of(Attribute.AGE, Attribute.SKIN, Attribute.HAIR, Attribute.EYES, Attribute.BEARD,
          Attribute.GLASSES, Attribute.EARRINGS, Attribute.FRECKLES)) {
        String word = attribute.word(person, shot);
        assertFalse(!word.isEmpty() && caption.contains(" " + word + " "), word + ": " + caption);
      }
      assertFalse(caption.contains(" with "), caption);
    }
  }

  @Test
  void hasAWordForEveryAttributeOfEveryPicture() {
    for (long seed = 0; seed < 200; seed++) {
      Person person = Person.random(seed);
      Shot shot = Shot.headshot(new Random(seed));
      for (Attribute attribute : Attribute.values()) {
        String word = attribute.word(person, shot);
        assertTrue(word.isEmpty() || attribute.words().contains(word), attribute + " " + word);
      }
    }
  }
}
