package dev.likeness.portrait.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.portrait.people.Attribute;
import dev.likeness.portrait.people.Person;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class PortraitRendersTest {
  private static final long SEED = 4000;
  private static final int PICTURES = 200;
  private static final int CANDIDATES = 6;

  private final PortraitRenders all = new PortraitRenders(SEED);
  private final PortraitRenders chosen = all.chosenOf(CANDIDATES);

  @Test
  void whatIsHardIsShownOfMoreOfThosePickedForIt() {
    assertTrue(share(chosen, Attribute.FRECKLES, "freckles") > 1.5 * share(all, Attribute.FRECKLES, "freckles"));
    assertTrue(share(chosen, Attribute.GAZE, "looking at the camera") < share(all, Attribute.GAZE, "looking at the camera") - 0.1);
    assertEquals(share(all, Attribute.SEX, "woman"), share(chosen, Attribute.SEX, "woman"), 0.2);
  }

  @Test
  void picturesThatArePickedAreOfPeopleOfTheirOwn() {
    long people = LongStream.range(0, PICTURES).mapToObj(i -> who(chosen.person(i), i)).distinct().count();
    assertEquals(PICTURES, people);
    long phones = LongStream.range(0, PICTURES).filter(i -> Attribute.STYLE.word(chosen.person(i), chosen.shot(i)).equals("selfie")).count();
    assertEquals(PICTURES / 4, phones);
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

  /** The picture's person is one of its own candidates. */
  private static String who(Person person, long index) {
    long seed = LongStream.range(SEED + index * CANDIDATES, SEED + (index + 1) * CANDIDATES)
        .filter(s -> Person.random(s).seed() == person.seed()).findFirst().orElseThrow();
    return Long.toString(seed);
  }

  private static double share(PortraitRenders renders, Attribute attribute, String word) {
    return LongStream.range(0, PICTURES).filter(i -> attribute.word(renders.person(i), renders.shot(i)).equals(word)).count() / (double) PICTURES;
  }
}
