package dev.likeness.portrait.people;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.text.PromptPhrases;
import java.lang.reflect.Field;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class CaptionTest {
  @Test
  void saysEverythingInAFixedOrderWhenAskedTo() {
    Person person = LongStream.range(1, 100)
        .mapToObj(Person::random)
        .filter(p -> !Words.plainAge(p).isEmpty())
        .findFirst()
        .orElseThrow();
    Shot shot = Shot.headshot(new Random(1), Style.STUDIO)
        .withPose(0, 0, 0)
        .withGaze(0, 0)
        .withExpression(Expression.SMILE, 1)
        .withLight(Light.COLOURED, Tint.INDIGO)
        .withOutfit(Outfit.BLAZER, Tint.ORANGE, Pattern.STRIPES)
        .withBackdrop(Backdrop.PAPER, Tint.GRAY);
    String caption = Caption.full(person, shot);
    assertTrue(
        caption.startsWith("studio portrait of " + PromptPhrases.withArticle(Words.age(person))),
        caption);
    assertTrue(caption.contains(" " + Words.of(person.sex()) + " "), caption);
    assertTrue(
        caption.endsWith(
            ", wearing a striped orange blazer, smiling, indigo lighting, gray background"),
        caption);
  }

  @Test
  void neverNamesAnAttributeThatIsNotThere() {
    for (long seed = 0; seed < 400; seed++) {
      Person person = Person.random(seed);
      Shot shot = seed % 2 == 0
          ? Shot.headshot(new Random(seed * 0x9E3779B97F4A7C15L))
          : Shot.selfie(new Random(seed));
      String caption = Caption.of(person, shot, seed * 7);
      assertEquals(false, caption.contains("glasses") && person.glasses() == Glasses.NONE, caption);
      assertEquals(false, caption.contains("earrings") && !person.earrings(), caption);
      assertEquals(false, caption.contains("beard") && person.sex() == Sex.WOMAN, caption);
      assertEquals(
          false,
          caption.contains("smiling") && shot.mood().expression() != Expression.SMILE,
          caption);
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
      boolean between =
          person.age() > 31 && person.age() < 40 || person.age() > 54 && person.age() < 60;
      assertEquals(
          !between,
          Attribute.AGE.words().stream().anyMatch(word -> caption.contains(" " + word + " ")),
          person.age() + ": " + caption);
      boolean brink =
          Math.abs(person.melanin() - .4f) < .02f || Math.abs(person.melanin() - .8f) < .02f;
      assertFalse(brink && caption.contains(" skin"), caption);
      silent += Words.plainAge(person).isEmpty() || Words.plainSkin(person).isEmpty() ? 1 : 0;
    }
    Shot any = Shot.headshot(new Random(1));
    assertEquals(
        List.of("turned to the left", "", "", "facing the camera", "", "turned to the right"),
        Stream.of(-.19f, -.17f, .11f, .09f, .17f, .19f)
            .map(yaw -> Words.plainPose(any.withPose(yaw, 0, 0)))
            .toList());
    assertTrue(silent > 100 && silent < 200, silent + " of 400 lack a word for age or skin");
  }

  @Test
  void everyNumberThatStandsOutHasAWord() {
    Map<String, Integer> said = new HashMap<>();
    for (long seed = 0; seed < 600; seed++) {
      Person person = Person.random(seed);
      Shot shot = seed % 2 == 0
          ? Shot.headshot(new Random(seed * 0x9E3779B97F4A7C15L))
          : Shot.selfie(new Random(seed));
      List<String> traits = Words.traits(person, shot);
      assertEquals(traits.size(), new HashSet<>(traits).size(), traits.toString());
      assertEquals(
          person.bone(Bone.JAW_WIDTH) > .5f, traits.contains("square jaw"), traits.toString());
      assertEquals(
          shot.pose().roll() > .05f, traits.contains("head tilted to the left"), traits.toString());
      traits.forEach(word -> said.merge(word, 1, Integer::sum));
    }
    assertEquals(2 * Bone.values().length + 27, said.size(), said.toString());
    said.forEach(
        (word, times) -> assertTrue(times >= 6 && times < 450, word + " of " + times + " of 600"));
  }

  @Test
  void earringsShow() {
    Set<HairStyle> seen = EnumSet.noneOf(HairStyle.class);
    for (long seed = 0; seed < 3000; seed++) {
      Person person = Person.random(seed);
      if (person.earrings() && person.glasses() == Glasses.NONE && seen.add(person.hair())) {
        Shot shot = Shot.headshot(new Random(seed), Style.STUDIO).withPose(0, 0, 0);
        int changed = differing(
            Renderer.render(person, shot, 256).image(),
            Renderer.render(person.unadorned(), shot, 256).image());
        assertTrue(changed > 20, person + ": " + changed + " pixels");
      }
    }
    assertEquals(9, seen.size(), "worn by " + seen);
  }

  @Test
  void frecklesShowOnEverySkinThatHasThem() throws ReflectiveOperationException {
    assertTrue(people().noneMatch(person -> person.freckles() > 0 && person.melanin() >= .62f));
    for (Person person : people()
        .filter(p -> p.freckles() > 0 && p.beard() == BeardStyle.NONE)
        .limit(12)
        .toList()) {
      Shot shot = Shot.headshot(new Random(person.seed()), Style.STUDIO)
          .withPose(0, 0, 0)
          .withLight(Light.SOFT, Tint.BLUE);
      int changed = differing(
          Renderer.render(person, shot, 256).image(),
          Renderer.render(unfreckled(person), shot, 256).image());
      assertTrue(changed > 300, person + ": " + changed + " pixels");
    }
  }

  private static Stream<Person> people() {
    return LongStream.range(0, 3000).mapToObj(Person::random);
  }

  /** The same without freckles, whom nothing but this test needs. */
  private static Person unfreckled(Person person) throws ReflectiveOperationException {
    Person plain = Person.random(person.seed());
    Field freckles = Person.class.getDeclaredField("freckles");
    freckles.setAccessible(true);
    freckles.setFloat(plain, 0);
    return plain;
  }

  private static int differing(RgbImage a, RgbImage b) {
    return (int) IntStream.range(0, 256 * 256)
        .filter(i -> IntStream.range(0, 3)
            .anyMatch(c -> Math.abs(a.at(i % 256, i / 256, c) - b.at(i % 256, i / 256, c)) > 20))
        .count();
  }

  @Test
  void usesOnlyWordsOfTheVocabulary() {
    Set<String> known = new HashSet<>(Words.vocabulary());
    for (long seed = 0; seed < 500; seed++) {
      Shot shot = seed % 2 == 0
          ? Shot.headshot(new Random(seed * 0x9E3779B97F4A7C15L))
          : Shot.selfie(new Random(seed));
      for (String word :
          Caption.of(Person.random(seed), shot, seed).replace(",", "").split(" ")) {
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
    Shot plain = Shot.headshot(new Random(3), Style.STUDIO)
        .withOutfit(Outfit.BLAZER, Tint.NAVY, Pattern.PLAIN)
        .withBackdrop(Backdrop.PAPER, Tint.GRAY)
        .withLight(Light.COLOURED, Tint.INDIGO);
    Shot lights = plain.withBackdrop(Backdrop.BOKEH, Tint.GRAY);
    Shot shirt = plain.withOutfit(Outfit.SHIRT, Tint.NAVY, Pattern.PLAIN);
    for (String asked : List.of(
        "professional ceo",
        "in a minimalist studio, ",
        "sharp focus",
        "indigo lighting",
        "italian wool blazer",
        "business attire",
        "gray background")) {
      assertTrue(says(asked, plain), asked);
    }
    assertTrue(says(", bokeh", lights));
    assertFalse(says("minimalist", lights));
    assertFalse(says("ceo", shirt) || says("wool", shirt) || says("business attire", shirt));
  }

  private static boolean says(String words, Shot shot) {
    return LongStream.range(0, 1500)
        .mapToObj(seed -> Caption.of(Person.random(seed), shot, seed) + ", ")
        .anyMatch(caption -> caption.contains(words));
  }

  @Test
  void leavesColoursOutOfBlackAndWhite() {
    Shot shot = Shot.headshot(new Random(2), Style.MONOCHROME)
        .withOutfit(Outfit.SHIRT, Tint.RED, Pattern.PLAIN)
        .withBackdrop(Backdrop.PAPER, Tint.GREEN);
    for (long seed = 0; seed < 50; seed++) {
      Person person = Person.random(seed);
      for (String caption : List.of(Caption.of(person, shot, seed), Caption.full(person, shot))) {
        assertFalse(
            List.of(caption.replace(",", "").split(" ")).stream()
                .anyMatch(List.of("red", "green", "eyes")::contains),
            caption);
      }
    }
  }

  @Test
  void saysNothingOfAnybodysLooks() {
    for (long seed = 0; seed < 300; seed++) {
      Person person = Person.random(seed);
      Shot shot = Shot.headshot(new Random(seed));
      String caption = " " + Caption.ofAnybody(person, shot, seed).replace(",", "") + " ";
      for (Attribute attribute : List.of(
          Attribute.AGE,
          Attribute.SKIN,
          Attribute.HAIR,
          Attribute.EYES,
          Attribute.BEARD,
          Attribute.GLASSES,
          Attribute.EARRINGS,
          Attribute.FRECKLES)) {
        String word = attribute.word(person, shot);
        assertFalse(!word.isEmpty() && caption.contains(" " + word + " "), word + ": " + caption);
      }
      assertFalse(caption.contains(" with "), caption);
    }
  }

  @Test
  void knowsEveryWordThatAImageHas() {
    for (long seed = 0; seed < 200; seed++) {
      Person person = Person.random(seed);
      Shot shot = Shot.headshot(new Random(seed));
      for (Attribute attribute : Attribute.values()) {
        String word = attribute.word(person, shot);
        assertTrue(word.isEmpty() || attribute.words().contains(word), attribute + " " + word);
      }
      for (Attribute always :
          List.of(Attribute.STYLE, Attribute.SEX, Attribute.HAIR, Attribute.LIGHT)) {
        assertFalse(always.word(person, shot).isEmpty(), always.toString());
      }
      assertEquals(
          person.hair() == HairStyle.HEADSCARF,
          Attribute.OUTFIT.word(person, shot).isEmpty(),
          person.toString());
    }
  }

  @Test
  void saysNothingOfClothesUnderAHeadscarf() {
    Person covered = people()
        .filter(person -> person.hair() == HairStyle.HEADSCARF)
        .findFirst()
        .orElseThrow();
    Shot shot = Shot.headshot(new Random(4), Style.STUDIO)
        .withOutfit(Outfit.BLAZER, Tint.NAVY, Pattern.STRIPES);
    assertEquals(
        List.of("", "", ""),
        Stream.of(Attribute.OUTFIT, Attribute.OUTFIT_COLOUR, Attribute.PATTERN)
            .map(attribute -> attribute.word(covered, shot))
            .toList());
    for (long seed = 0; seed < 300; seed++) {
      String caption = Caption.of(covered, shot, seed);
      assertFalse(
          Stream.of("wearing", "blazer", "striped", "ceo", "business attire")
              .anyMatch(caption::contains),
          caption);
    }
  }

  @Test
  void hairInBlackAndWhiteIsBlackGrayOrWhiteOrOfNoColour() {
    Shot shot = Shot.headshot(new Random(5), Style.MONOCHROME);
    Set<String> said = new HashSet<>();
    people().limit(300).forEach(person -> said.add(Attribute.HAIR_COLOUR.word(person, shot)));
    assertEquals(Set.of("", "black", "gray", "white"), said);
  }
}
