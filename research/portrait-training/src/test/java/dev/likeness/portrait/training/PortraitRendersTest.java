package dev.likeness.portrait.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.portrait.people.Asked;
import dev.likeness.portrait.people.Attribute;
import dev.likeness.portrait.people.Caption;
import dev.likeness.portrait.people.Person;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class PortraitRendersTest {
  private static final long SEED = 4000;
  private static final int IMAGES = 200;
  private static final int CANDIDATES = 6;

  private final PortraitRenders all = new PortraitRenders(SEED);
  private final PortraitRenders chosen = all.chosenOf(CANDIDATES);

  @Test
  void whatIsHardIsShownOfMoreOfThosePickedForIt() {
    for (Attribute hard :
        List.of(Attribute.PATTERN, Attribute.LIGHT_COLOUR, Attribute.BACKDROP_COLOUR)) {
      assertTrue(
          said(chosen, hard) > 1.5 * said(all, hard),
          hard + " in " + said(chosen, hard) + ", of all in " + said(all, hard));
    }
  }

  @Test
  void peopleWhoArePickedAreAsPeopleAre() {
    for (Attribute person : List.of(
        Attribute.FRECKLES,
        Attribute.EARRINGS,
        Attribute.BEARD,
        Attribute.GLASSES,
        Attribute.AGE)) {
      assertEquals(said(all, person), said(chosen, person), 0.12, person.toString());
    }
    assertEquals(share(all, Attribute.SEX, "woman"), share(chosen, Attribute.SEX, "woman"), 0.12);
  }

  @Test
  void imagesThatArePickedAreOfPeopleOfTheirOwn() {
    long people = LongStream.range(0, IMAGES)
        .mapToObj(i -> who(chosen.person(i), i))
        .distinct()
        .count();
    assertEquals(IMAGES, people);
    long phones = LongStream.range(0, IMAGES)
        .filter(i -> Attribute.STYLE.word(chosen.person(i), chosen.shot(i)).equals("selfie"))
        .count();
    assertEquals(IMAGES / 4, phones);
  }

  @Test
  void whoPicksOfOneTakesThemAsTheyCome() {
    PortraitRenders one = all.chosenOf(1);
    for (long i = 0; i < 20; i++) {
      assertEquals(all.shot(i), one.shot(i));
      assertEquals(all.captions(i), one.captions(i));
    }
    assertThrows(IllegalArgumentException.class, () -> all.chosenOf(0));
  }

  /** The image's person is one of its own candidates. */
  private static String who(Person person, long index) {
    long seed = LongStream.range(SEED + index * CANDIDATES, SEED + (index + 1) * CANDIDATES)
        .filter(s -> Person.random(s).seed() == person.seed())
        .findFirst()
        .orElseThrow();
    return Long.toString(seed);
  }

  /** In what share of images a caption that leaves nothing out speaks of it. */
  private static double said(PortraitRenders renders, Attribute attribute) {
    return LongStream.range(0, IMAGES)
            .filter(i ->
                Asked.of(Caption.full(renders.person(i), renders.shot(i))).containsKey(attribute))
            .count()
        / (double) IMAGES;
  }

  private static double share(PortraitRenders renders, Attribute attribute, String word) {
    return LongStream.range(0, IMAGES)
            .filter(i -> attribute.word(renders.person(i), renders.shot(i)).equals(word))
            .count()
        / (double) IMAGES;
  }
}
